import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { answerJwks } from '../../testing/jwks-answer.ts';
import { JWKS_PATH } from '../../testing/jwks-server.ts';
import { answerDashboard, DASHBOARD } from './dashboard.ts';
import { listenOnLocalhost } from './listen.ts';
import { refuseOtherHost } from './own-host.ts';
import { proxy } from './proxy.ts';
import { identityOf } from './session.ts';
import { requireSignIn } from './sign-in.ts';
import type { DevState } from './state.ts';
import { answerSocket, proxyUpgrade } from './upgrade.ts';
import { answerWellKnown } from './well-known.ts';

export interface DevServer {
  /** For browsers: development servers take `localhost` for their own, and 127.0.0.1 for another site. */
  readonly url: string;
  /** The same for who fetches keys, of whatever runtime: no name to resolve. */
  readonly jwksUrl: string;
  close(): Promise<void>;
}

/**
 * The stand-in on 127.0.0.1 and ::1: its key set, its page, Pomerium's own paths, and everything else for the app. `port`: 0 for
 * one that is free.
 */
export async function startDevServer(state: DevState, port: number): Promise<DevServer> {
  // The servers forget these, and would wait for them for ever.
  const upgraded = new Set<Duplex>();
  const { servers, port: chosen } = await listenOnLocalhost({ maxHeaderSize: 262_144 }, port, (server) => {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      handle(state, request, response).catch((error) => {
        if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
        response.end(`${error}\n`);
      });
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      upgraded.add(socket);
      // A client may reset it at any time.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => upgraded.delete(socket));
      handleUpgrade(state, request, socket, head).catch(() => socket.destroy());
    });
  });
  return {
    url: `http://localhost:${chosen}`,
    jwksUrl: `http://127.0.0.1:${chosen}${JWKS_PATH}`,
    close: async () => {
      const closed = servers.map(close);
      for (const socket of upgraded) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function handle(state: DevState, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(incoming);
  if (path === JWKS_PATH) {
    const { status, headers, body } = await answerJwks(state.issuer.jwks(), incoming.headers['if-none-match']);
    response.writeHead(status, headers).end(body);
    return;
  }
  const refusal = refuseOtherHost(state, incoming);
  if (refusal) return write(refusal, response);
  const identity = identityOf(state, incoming);
  const answer = isDashboard(path) ? await answerDashboard(state, incoming, identity) : answerWellKnown(path, incoming);
  if (answer) await write(answer, response);
  else if (identity === undefined) await write(requireSignIn(incoming), response);
  else await proxy(state, incoming, response, identity);
}

async function write(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(await answer.text());
}

async function handleUpgrade(state: DevState, incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const refusal = refuseOtherHost(state, incoming);
  if (refusal) return answerSocket(socket, refusal);
  if (isDashboard(pathOf(incoming))) return answerSocket(socket, new Response(null, { status: 404 }));
  const identity = identityOf(state, incoming);
  if (identity === undefined) await answerSocket(socket, requireSignIn(incoming));
  else await proxyUpgrade(state, incoming, socket, head, identity);
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.replace(/\?.*$/s, '');
}

function isDashboard(path: string): boolean {
  return path === '/.pomerium' || path.startsWith(DASHBOARD);
}
