import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { answerJwks } from '../../testing/jwks-answer.ts';
import { JWKS_PATH } from '../../testing/jwks-server.ts';
import { attacksOn } from '../doctor/attacks.ts';
import { type Finding, judge, judgeFailure } from '../doctor/judge.ts';
import { send } from '../doctor/send.ts';
import { respondWithDevPage } from './page.ts';
import { proxy, proxyUpgrade } from './proxy.ts';
import { type DevState, rotate } from './state.ts';

const PAGE = '/.pomerium/';
const ATTACK_TIMEOUT = 5000;

export interface DevServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The stand-in on 127.0.0.1: its key set, its page, and everything else for the app. `port`: 0 for one that is free. */
export async function startDevServer(state: DevState, port: number): Promise<DevServer> {
  const server = createServer({ maxHeaderSize: 262_144 }, (request, response) => {
    handle(state, request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  // The server forgets these, and would wait for them for ever.
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket) => {
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket));
    proxyUpgrade(state, request, socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
}

async function handle(state: DevState, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (incoming.url ?? '/').replace(/\?.*$/s, '');
  if (path === JWKS_PATH) {
    const { status, headers, body } = await answerJwks(state.issuer.jwks(), incoming.headers['if-none-match']);
    response.writeHead(status, headers).end(body);
  } else if (path === '/.pomerium' || path.startsWith(PAGE)) {
    const answer = isFromHere(incoming) ? await answerPage(state, path, incoming) : new Response(null, { status: 403 });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  } else {
    await proxy(state, incoming, response);
  }
}

/** No other site may drive this page, and no other name lead to it (DNS rebinding). */
function isFromHere({ headers: { host = '', origin } }: IncomingMessage): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host) && (origin === undefined || origin === `http://${host}`);
}

async function answerPage(state: DevState, path: string, incoming: IncomingMessage): Promise<Response> {
  if (incoming.method !== 'POST') return path === PAGE ? respondWithDevPage(state) : seeOther(PAGE);
  const form = new URLSearchParams(await textOf(incoming));
  switch (path.slice(PAGE.length)) {
    case '':
      return respondWithDevPage(state, { pasted: form.get('assertion')?.trim() || undefined });
    case 'identity':
      if (Object.hasOwn(state.identities, form.get('identity') ?? '')) state.current = form.get('identity') ?? '';
      return seeOther(PAGE);
    case 'rotate':
      await rotate(state);
      return seeOther(PAGE);
    case 'attack': {
      const attackedPath = form.get('path')?.replace(/^\/?/, '/') ?? '/';
      const only = form.get('attack') ?? undefined;
      return respondWithDevPage(state, { attackedPath, ...(await attack(state, attackedPath, only)) });
    }
    default:
      return new Response(null, { status: 404 });
  }
}

/** One after the other: they are a few dozen, and the app is on this machine. `only`: the name of one. */
async function attack({ issuer, to }: DevState, path: string, only: string | undefined) {
  const all = await attacksOn(new URL(path, to), issuer, { isTrusted: true });
  const findings: Finding[] = [];
  let answer: string | undefined;
  for (const one of all.filter(({ name }) => only === undefined || name === only)) {
    try {
      const response = await send(to, one, ATTACK_TIMEOUT);
      findings.push(judge(one, response));
      answer = response.body;
    } catch (error) {
      findings.push(judgeFailure(one, error));
    }
  }
  return { findings, answer: only === undefined ? undefined : answer };
}

function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  return new Response(Readable.toWeb(incoming) as ReadableStream).text();
}
