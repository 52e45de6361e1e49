import { ASSERTION_HEADER, readAssertion, readHeader } from '../../core/adapter.ts';

/** The part of an `HttpEvent` that is read. */
interface Tokens {
  readonly caller: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The token after `Bearer` (RFC 6750 section 2.1); undefined where there is none. */
export function bearerToken(authorization: string): string | undefined {
  return /^bearer +(\S+)$/i.exec(authorization)?.[1];
}

/** The token of `Authorization`. AppSync keeps `Bearer` for OpenID Connect, and also has a bare token there. */
export function authorizationToken({ caller, headers }: Tokens): string | undefined {
  const authorization = readHeader(headers, 'authorization') ?? '';
  const isBare = caller === 'appsync' && /^\S+$/.test(authorization);
  return isBare ? authorization : bearerToken(authorization);
}

/**
 * Where `allowBearer` is set and there is no assertion header, the token of `Authorization` in its place, as a route with
 * `set_request_headers` and `${pomerium.jwt}` sends it.
 */
export function withBearer<Event extends Tokens>(event: Event): Event {
  if (readAssertion(event.headers) !== undefined) return event;
  const token = authorizationToken(event);
  return token === undefined ? event : { ...event, headers: [...event.headers, [ASSERTION_HEADER, token]] };
}
