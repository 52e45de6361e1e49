import { parseClaims } from '../../core/claims.ts';
import { toIdentity } from '../../core/identity.ts';
import { compileRoutes, PomeriumError, type Routes, type RoutesOptions } from '../../core/index.ts';
import type { RoutedRequest } from '../../core/routes/targets.ts';
import { toBase64url, userClaims } from './issuer.ts';

const PEOPLE = {
  nobody: { email: '', groups: [], sub: '', user: '' },
  alice: { email: 'alice@example.com', groups: ['admins', 'g2'], roles: 'writer,owner', department: 'R&D', sub: 'u20' },
  dave: { email: 'dave@other.test', groups: [], sub: 'u10' },
};
export type Person = keyof typeof PEOPLE;

/** A request, and the assertion that came with it: by default for the host of its URL, as Pomerium signs it. */
export interface Ask extends RoutedRequest {
  readonly as?: Person;
  readonly aud?: string | readonly string[];
  readonly iss?: string;
  /** The hosts that the request names, where they are not those of its URL. */
  readonly asked?: readonly string[];
}

/** The name of the route by which the request came; `allowed` where that cannot be told, or the code of the refusal. */
export function outcomeOf(routes: Routes, ask: Ask): string {
  const { as = 'alice', aud, iss, asked, ...request } = ask;
  const [, host = ''] = /^https?:\/\/(\[[^\]]*\]|[^:/?#]*)/.exec(ask.url ?? '') ?? [];
  const person = PEOPLE[as];
  const audience = aud ?? host.replace(/^\[|\]$/g, '');
  const issuer = iss ?? [audience].flat()[0] ?? '';
  const claims = userClaims({ user: person.sub, name: '', ...person, aud: audience, iss: issuer });
  const parsed = parseClaims(toBase64url(JSON.stringify(claims)));
  try {
    routes.requireIssued(parsed, asked ?? (host === '' ? [] : [host.toLowerCase()]));
    const route = routes.check(toIdentity({ ...parsed, iss: issuer }), { method: 'GET', headers: {}, ...request });
    return route ? (route.name ?? route.from) : 'allowed';
  } catch (error) {
    if (!(error instanceof PomeriumError)) throw error;
    return error.code;
  }
}

/** Compiled as the vectors are: of the claims, only roles may have several values. */
export function compiled(configuration: unknown, options: RoutesOptions = {}): Routes {
  return compileRoutes(configuration, { listClaims: ['roles'], ...options });
}

/** A route for whoever is signed in, by its name. */
export function route(name: string, from: string, settings: object = {}): Record<string, unknown> {
  return { name, from, to: 'http://app', allow_any_authenticated_user: true, ...settings };
}
