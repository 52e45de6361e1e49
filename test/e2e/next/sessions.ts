import type { IncomingMessage, ServerResponse } from 'node:http';
import { handOn, serve } from '../../../scripts/start/server.ts';
import { HOST, jwks, makeKey, sign } from '../../support/issuer.ts';

const PEOPLE: Readonly<Record<string, Record<string, unknown>>> = {
  alice: {},
  bob: { sub: 'u-bob', user: 'u-bob', email: 'bob@example.com', name: 'Bob Dodgson', sid: 's-bob' },
};
const NOBODY = { sub: '', user: '', email: '', name: '', groups: [], sid: '' };

/** A stand-in for Pomerium with sessions of its own: a cookie says who it is, and each browser may be somebody else. */
export interface Sessions {
  readonly url: string;
  readonly jwksUrl: string;
  /** Where people sign in: another origin, which lets no script of the app's read its answers. */
  readonly authenticateUrl: string;
  /** The page that signs somebody in. */
  signInUrl(person: string): string;
  proxyTo(app: string): void;
  /** Cuts every connection, and takes no more. */
  close(): Promise<void>;
}

/** `public`: as a route with `allow_public_unauthenticated_access`, where nobody is sent to sign in. */
export async function startSessions({ isPublic }: { isPublic: boolean }): Promise<Sessions> {
  const key = await makeKey();
  const authenticate = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Sign in</title><h1>Sign in with Example</h1>');
  });
  let target = '';
  const server = await serve(async (incoming, response) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://localhost');
    const person = /(?:^|; )session=(\w+)/.exec(incoming.headers.cookie ?? '')?.[1];
    if (pathname === '/.well-known/pomerium/jwks.json') return answerJson(response, 200, jwks(key));
    if (pathname === '/.pomerium/sign_in') {
      const cookie = `session=${searchParams.get('as')}; Path=/; HttpOnly`;
      return void response.writeHead(302, { location: '/session', 'set-cookie': cookie }).end();
    }
    if (pathname === '/.pomerium/sign_out') {
      const location = `${authenticate.url}/.pomerium/sign_out`;
      return void response.writeHead(302, { location, 'set-cookie': 'session=; Path=/; Max-Age=0' }).end();
    }
    const isUser = pathname === '/.pomerium/user';
    if (!person && (isUser || !isPublic)) return requireLogin(incoming, response, authenticate.url);
    if (isUser) return answerJson(response, 200, { sub: person });
    const now = Math.floor(Date.now() / 1000);
    const claims = person ? PEOPLE[person] : NOBODY;
    const assertion = await sign(key, { iat: now, exp: now + 300, ...claims });
    const headers = {
      ...incoming.headers,
      'x-pomerium-jwt-assertion': assertion,
      host: HOST,
      'x-forwarded-host': incoming.headers.host,
    };
    handOn(incoming, response, { url: target + incoming.url, headers });
  });
  return {
    url: server.url,
    jwksUrl: `${server.url}/.well-known/pomerium/jwks.json`,
    authenticateUrl: authenticate.url,
    signInUrl: (person) => `${server.url}/.pomerium/sign_in?as=${person}`,
    proxyTo: (app) => {
      target = app;
    },
    async close() {
      await Promise.all([server.close(), authenticate.close()]);
    },
  };
}

/** `requireLoginResponse` and `ShouldRedirect` of `authorize/check_response.go`: whoever takes JSON and no page gets a 401. */
function requireLogin(
  { headers: { accept = '' } }: IncomingMessage,
  response: ServerResponse,
  authenticate: string,
): void {
  if (/^application\/json\b/.test(accept)) answerJson(response, 401, { error: 'Unauthenticated' });
  else response.writeHead(302, { location: `${authenticate}/.pomerium/sign_in` }).end();
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
