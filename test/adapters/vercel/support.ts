import type { MiddlewareOptions } from '../../../adapters/vercel/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';

export const ASSERTION = 'x-pomerium-jwt-assertion';
export const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

export const key = await makeKey();
export const token = await sign(key);
export const admin = await sign(key, { groups: ['admins'] });
export const anonymous = await sign(key, { sub: '', user: '' });
export const expired = await sign(key, { exp: 1 });

/** Options with which `token` is valid, and nothing is fetched. */
export const loud = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW } satisfies MiddlewareOptions;

/** The same without a log. */
export const options = { ...loud, log: false } satisfies MiddlewareOptions;

/** With headers that a client could forge beside those given. */
export function requestWith(headers: Record<string, string> = {}, path = '/x?y=1', init: RequestInit = {}): Request {
  const spoofed = { 'x-pomerium-claim-email': 'root@evil.test', [`${ASSERTION}-for`]: 'a.b.c' };
  return new Request(`https://app.vercel.app${path}`, { headers: { ...spoofed, ...headers }, ...init });
}

/** The request headers with which an answer lets the request on. */
export function passedHeaders(answer: Response): Record<string, string | null> {
  const names = answer.headers.get('x-middleware-override-headers')?.split(',') ?? [];
  return Object.fromEntries(names.map((name) => [name, answer.headers.get(`x-middleware-request-${name}`)]));
}

/** As `next({ request: { headers } })` and `rewrite()` of `@vercel/functions` write it. */
export function nextWith(wanted: Record<string, string>, more: Record<string, string> = {}): Response {
  const values = Object.entries(wanted).map(([name, value]) => [`x-middleware-request-${name}`, value]);
  const names = Object.keys(wanted).join(',');
  return new Response(null, {
    headers: {
      'x-middleware-next': '1',
      'x-middleware-override-headers': names,
      ...Object.fromEntries(values),
      ...more,
    },
  });
}

/** What the work gives, and what it wrote to the console meanwhile. */
export async function logOf<T>(work: () => T | Promise<T>): Promise<{ result: T; lines: unknown[] }> {
  const { result, lines } = await withConsoleLines(async () => work());
  return { result, lines: lines.map(({ line }) => line) };
}
