import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pickAssertion } from '../../inspector/pasted.ts';
import { attack } from './attack.ts';
import { claimsOf, findIdentity } from './identities.ts';
import { respondWithDevPage } from './page.ts';
import { decode, sessionCookie } from './session.ts';
import { pathOr, REDIRECT, redirect, requireSignIn, respondWithSignInPage, SIGN_IN } from './sign-in.ts';
import { type DevState, rotate } from './state.ts';

export const DASHBOARD = '/.pomerium/';
const AS = 'as/';

/** What is below `/.pomerium/`: the stand-in's own page, and what Pomerium has there for a front end. */
export async function answerDashboard(
  state: DevState,
  incoming: IncomingMessage,
  identity: string | undefined,
): Promise<Response> {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://localhost');
  const path = pathname.slice(DASHBOARD.length);
  const isPost = incoming.method === 'POST';
  if ((isPost || path === 'sign_out' || path.startsWith(AS)) && !isFromHere(incoming)) {
    return new Response('Another site cannot do that.\n', { status: 403 });
  }
  // Both methods, as in Pomerium.
  if (path === 'sign_out') return redirect(302, SIGN_IN, sessionCookie(incoming));
  if (isPost) return answerForm(state, path, incoming, identity);
  if (path.startsWith(AS)) return signInAs(state, path.slice(AS.length), incoming, searchParams);
  switch (path) {
    case '':
      return pathname === DASHBOARD ? respondWithDevPage(state, identity) : redirect(303, DASHBOARD);
    case 'user':
      return identity === undefined ? requireSignIn(incoming) : answerUser(state, identity);
    case 'sign_in':
      return respondWithSignInPage(state, pathOr(searchParams.get(REDIRECT), '/'));
    case 'identity':
    case 'rotate':
    case 'attack':
      // Where a form led to, loaded again.
      return redirect(303, DASHBOARD);
    default:
      return new Response(null, { status: 404 });
  }
}

async function answerForm(
  state: DevState,
  path: string,
  incoming: IncomingMessage,
  identity: string | undefined,
): Promise<Response> {
  const form = new URLSearchParams(await textOf(incoming));
  // Its form leads to the page that it is on, which is that of the attacks after one.
  const pasted = form.get('assertion');
  if (pasted !== null || path === '') {
    return respondWithDevPage(state, identity, { pasted: pickAssertion(pasted ?? '') || undefined });
  }
  switch (path) {
    case 'identity': {
      const name = form.get('identity') ?? '';
      const isKnown = Object.hasOwn(state.identities, name);
      return redirect(303, pathOr(form.get(REDIRECT), DASHBOARD), isKnown ? sessionCookie(incoming, name) : undefined);
    }
    case 'rotate':
      await rotate(state);
      return redirect(303, DASHBOARD);
    case 'attack': {
      const attackedPath = form.get('path')?.replace(/^[/\\]*/, '/') ?? '/';
      const outcome = await attack(state, attackedPath, form.get('attack') ?? undefined);
      return respondWithDevPage(state, identity, { attackedPath, ...outcome });
    }
    default:
      return new Response(null, { status: 404 });
  }
}

/** `/.pomerium/as/bob`, for a test: signs the client in, and goes on to the app or to the path that is named. */
function signInAs({ identities }: DevState, text: string, incoming: IncomingMessage, query: URLSearchParams): Response {
  const name = findIdentity(identities, decode(text));
  if (name !== undefined) return redirect(303, pathOr(query.get(REDIRECT), '/'), sessionCookie(incoming, name));
  return new Response(`Nobody has that name. There are:\n${Object.keys(identities).join('\n')}\n`, { status: 404 });
}

/** The claims of the person, without those of the assertion itself; nobody is not found (`userInfoFromJWT`). */
function answerUser({ identities }: DevState, identity: string): Response {
  const { iss, aud, exp, iat, jti, ...user } = claimsOf(identity, identities);
  return user['sub'] ? Response.json(user) : Response.json({ Status: 404 }, { status: 404 });
}

/** No other site may change anything here. An address that is typed, or opened by a test, is nobody's (`none`). */
function isFromHere({ headers: { host, origin, 'sec-fetch-site': site = 'none' } }: IncomingMessage): boolean {
  return (origin === undefined || origin === `http://${host}`) && ['none', 'same-origin'].includes(String(site));
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  return new Response(Readable.toWeb(incoming) as ReadableStream).text();
}
