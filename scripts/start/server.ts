import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface LocalServer {
  readonly url: string;
  /** What is done with a request to speak another protocol. */
  onUpgrade(listener: (request: IncomingMessage, socket: Duplex) => void): void;
  /** Cuts every connection, also those that are kept for later. */
  drop(): void;
  close(): Promise<void>;
}

/** A server on a free port of 127.0.0.1. Headers may be as large as Pomerium's for 700 groups. */
export async function serve(listener: RequestListener): Promise<LocalServer> {
  const server = createServer({ maxHeaderSize: 262_144 }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onUpgrade: (listener) => void server.on('upgrade', listener),
    drop: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Hands a request on to this URL with these headers, and the answer back; 502 where there is none. */
export function handOn(
  incoming: IncomingMessage,
  response: ServerResponse,
  { url, headers }: { url: string; headers: OutgoingHttpHeaders },
): void {
  const outgoing = send(url, { method: incoming.method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.writeHead(502).end());
  incoming.pipe(outgoing);
}

/** The header lines of a request, in order and as they were spelt. */
export function headerLines(request: IncomingMessage): [string, string][] {
  const lines: [string, string][] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    // Node.js gives bytes, one a character; Pomerium writes UTF-8.
    const value = Buffer.from(request.rawHeaders[i + 1] ?? '', 'latin1').toString();
    lines.push([request.rawHeaders[i] ?? '', value]);
  }
  return lines;
}
