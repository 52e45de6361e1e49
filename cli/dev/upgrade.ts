import { type IncomingMessage, request as send } from 'node:http';
import type { Duplex } from 'node:stream';
import { endToEndLines, forward } from './forward.ts';
import type { DevState } from './state.ts';

/** The same as `proxy` for a WebSocket, such as those of development servers. `head`: what came behind the request. */
export async function proxyUpgrade(
  state: DevState,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  identity: string,
): Promise<void> {
  const { options, answered, failed } = await forward(state, incoming, identity);
  const outgoing = send(options);
  socket.on('close', () => outgoing.destroy());
  outgoing.on('upgrade', (answer, upstream, upstreamHead) => {
    answered(answer.statusCode);
    socket.write(headOf(101, 'Switching Protocols', answer.rawHeaders), 'latin1');
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
    upstream.unshift(upstreamHead);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  // The app refuses: what it says is the answer, and the connection ends with it.
  outgoing.on('response', (answer) => {
    const { statusCode = 502, statusMessage = '', rawHeaders } = answer;
    // Node.js reads more than HTTP has, as a status of 099.
    if (statusCode < 200) {
      outgoing.destroy(new Error(`it answered with the status ${statusCode}`));
      return;
    }
    answered(statusCode);
    socket.write(headOf(statusCode, statusMessage, [...endToEndLines(rawHeaders), 'Connection', 'close']), 'latin1');
    answer.on('error', () => socket.destroy());
    answer.pipe(socket);
  });
  outgoing.on('error', (error) => {
    const text = `The app at ${state.to} cannot be reached: ${failed(error)}.\n`;
    if (socket.writable) answerSocket(socket, new Response(text, { status: 502 }));
  });
  outgoing.end();
}

/** A short answer on a connection that was to change its protocol, and its end. */
export async function answerSocket(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const lines = [...response.headers].flat();
  socket.write(headOf(response.status, '', [...lines, 'Content-Length', String(body.length), 'Connection', 'close']));
  socket.end(body);
}

function headOf(status: number, message: string, lines: readonly string[]): string {
  const pairs = lines.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${lines[i + 1] ?? ''}\r\n`] : []));
  return `HTTP/1.1 ${status} ${message}\r\n${pairs.join('')}\r\n`;
}
