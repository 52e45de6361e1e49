import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { Duplex } from 'node:stream';
import { describeFetchFailure } from '../../core/fetch-failure.ts';
import { ASSERTION_FOR_HEADER, ASSERTION_HEADER } from '../../core/gate/headers.ts';
import { type DevState, type ProxiedRequest, remember, signForCurrent } from './state.ts';

/** Hands a request on to the app with the assertion of whoever is signed in, as Pomerium does. */
export async function proxy(state: DevState, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { record, options } = await prepare(state, incoming);
  const outgoing = send(options, (answer) => {
    record.status = answer.statusCode;
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  outgoing.on('error', (error) => {
    record.failure = describeFetchFailure(error);
    if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
    response.end(`The app at ${state.to} cannot be reached: ${record.failure}.\n`);
  });
  incoming.pipe(outgoing);
}

/** The same for a WebSocket, such as those of development servers. */
export async function proxyUpgrade(state: DevState, incoming: IncomingMessage, socket: Duplex): Promise<void> {
  const { record, options } = await prepare(state, incoming);
  const outgoing = send(options, () => socket.destroy());
  outgoing.on('upgrade', (answer, upstream) => {
    record.status = answer.statusCode;
    const lines = pairsOf(answer.rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
    upstream.pipe(socket).pipe(upstream);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  outgoing.on('error', (error) => {
    record.failure = describeFetchFailure(error);
    socket.destroy();
  });
  outgoing.end();
}

async function prepare(state: DevState, { method = 'GET', url = '/', headers: incoming }: IncomingMessage) {
  const { host, hostname, port } = new URL(state.to);
  const headers: IncomingHttpHeaders = {
    ...carryOver(incoming),
    [ASSERTION_HEADER]: await signForCurrent(state),
    // As Pomerium without preserve_host_header.
    host,
    'x-forwarded-host': incoming.host,
    'x-forwarded-proto': 'http',
  };
  const record: ProxiedRequest = {
    at: new Date(),
    method,
    path: url,
    identity: state.current,
    status: undefined,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
  };
  remember(state, record);
  // An IPv6 address has brackets only in a URL.
  const address = hostname.replace(/^\[|\]$/g, '');
  return { record, options: { hostname: address, port, method, path: url, headers } };
}

function pairsOf(raw: readonly string[]): [name: string, value: string][] {
  return raw.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, raw[i + 1] ?? '']] : []));
}

/** `carryOverJWTAssertion`: an incoming `-for` is handed on; where there is none, the incoming assertion becomes it. */
function carryOver(incoming: IncomingHttpHeaders): IncomingHttpHeaders {
  const original = incoming[ASSERTION_FOR_HEADER] ?? incoming[ASSERTION_HEADER];
  return original === undefined ? incoming : { ...incoming, [ASSERTION_FOR_HEADER]: original };
}
