import { type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { pipeline } from 'node:stream';
import { endToEndLines, forward } from './forward.ts';
import type { DevState } from './state.ts';

/**
 * Hands a request on to the app with the assertion of `identity`, as Pomerium does. Whatever the app does is an answer: 502 where
 * it gives none, and a connection that is cut where its answer is.
 */
export async function proxy(
  state: DevState,
  incoming: IncomingMessage,
  response: ServerResponse,
  identity: string,
): Promise<void> {
  const { options, answered, failed } = await forward(state, incoming, identity);
  const outgoing = send(options);
  const fail = (error: unknown) => {
    const reason = failed(error);
    if (response.headersSent) return;
    response.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`The app at ${state.to} cannot be reached: ${reason}.\n`);
  };
  outgoing.on('error', fail);
  // A change of protocol that nobody asked for. Node.js emits it here, and nothing else.
  outgoing.on('upgrade', (_, socket) => {
    socket.destroy();
    fail(new Error('it answered with 101 to a request that is no upgrade'));
  });
  outgoing.on('response', (answer) => {
    const { statusCode: status = 0, rawHeaders } = answer;
    try {
      response.writeHead(status, endToEndLines(rawHeaders));
    } catch (error) {
      // Node.js reads more than it writes, as a status of 099.
      answer.destroy();
      fail(error);
      return;
    }
    answered(status);
    answer.on('error', failed);
    // Cuts the answer to the client where the app's is cut.
    pipeline(answer, response, () => {});
  });
  // The client has all of its answer, or is gone.
  response.on('close', () => outgoing.destroy());
  if (response.closed) outgoing.destroy();
  incoming.pipe(outgoing);
}
