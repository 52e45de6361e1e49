import type { IncomingMessage } from 'node:http';
import { parseWeighted } from '../../core/gate/accept.ts';
import { html } from '../../inspector/html.ts';
import { respondWithPage } from '../../inspector/page.ts';
import type { DevState } from './state.ts';

export const SIGN_IN = '/.pomerium/sign_in';
/** The name that Pomerium gives it. */
export const REDIRECT = 'pomerium_redirect_uri';

/** What Pomerium answers where a session is needed and there is none (`requireLoginResponse`, `ShouldRedirect`). */
export function requireSignIn({ url = '/', headers }: IncomingMessage): Response {
  if (!prefersPage(headers.accept)) return Response.json({ error: 'Unauthenticated' }, { status: 401 });
  return redirect(302, `${SIGN_IN}?${new URLSearchParams({ [REDIRECT]: url })}`);
}

/** The page that a browser is sent to, in place of an identity provider's. */
export function respondWithSignInPage({ identities, issuer }: DevState, destination: string): Promise<Response> {
  return respondWithPage(
    'Sign in, for development',
    html`<header><h1>Sign in, for development</h1><p>to <code>${issuer.host}</code></p></header>
<main>
<p>Nobody is signed in in this browser. Go on as</p>
<form method="post" action="/.pomerium/identity"><input type="hidden" name="${REDIRECT}" value="${destination}">
${Object.keys(identities).map((name) => html`<button type="submit" name="identity" value="${name}">${name}</button>\n`)}</form>
<p class="quiet"><a href="/.pomerium/">The stand-in’s page</a></p>
</main>`,
  );
}

export function redirect(status: 302 | 303, location: string, cookie?: string): Response {
  return new Response(null, { status, headers: { location, ...(cookie !== undefined && { 'set-cookie': cookie }) } });
}

/** A path of this stand-in and nothing else: `//` and `/\` lead to other hosts. */
export function pathOr(text: string | null, otherwise: string): string {
  return text !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(text) ? text : otherwise;
}

const OTHERS = ['application/json', 'text/plain', 'application/grpc-web-text', 'application/grpc-web+proto'];

/** HTML is what most accept without saying so; only who likes something else better gets that. */
function prefersPage(accept = ''): boolean {
  if (accept.trim() === '') return true;
  const page = qualityOf('text/html', accept);
  return Math.max(...OTHERS.map((type) => qualityOf(type, accept))) <= page;
}

/** By the most specific range (RFC 9110, section 12.5.1). */
function qualityOf(type: string, accept: string): number {
  const qualities = new Map(parseWeighted(accept).map(({ value, weight }) => [value, weight]));
  const ranges = [type, type.replace(/\/.*/, '/*'), '*/*'];
  const range = ranges.find((candidate) => qualities.has(candidate));
  return range === undefined ? 0 : (qualities.get(range) ?? 0);
}
