import type { Identity } from '../identity.ts';
import { type ClaimHeaders, claimHeaders, toHeaderValue } from './claim-headers.ts';
import {
  ASSERTION_FOR_HEADER,
  ASSERTION_HEADER,
  type HeadersLike,
  isPomeriumSpelling,
  normalizeName,
  readHeader,
  trimValue,
} from './headers.ts';

/** What becomes of a request's headers behind the gate. Names in any case. */
export interface ForwardedHeaders {
  /** Whether the header goes on as it came. */
  keeps(name: string, value: string): boolean;
  /** Headers to set, as text. */
  readonly added: readonly (readonly [name: string, text: string])[];
}

export interface ForwardSettings {
  /** More names to remove. */
  readonly removeHeaders: readonly string[];
  /** Claims to write; undefined: none. */
  readonly claimHeaders: ClaimHeaders | undefined;
  readonly keepAssertion: boolean;
}

/** On what it depended whether the request may go on: its path, its method. */
export interface DecidedBy {
  readonly path: boolean;
  readonly method: boolean;
  /** One that would be removed for the path and was judged with it, in lower case. */
  readonly harmless?: string | undefined;
}

export type Forwarder = (
  headers: HeadersLike,
  identity: Identity | undefined,
  decidedBy: DecidedBy,
) => ForwardedHeaders;

/**
 * With these a server takes another path for the one that was asked for: IIS and Symfony; those behind a proxy that says where
 * they are mounted; CGI and WSGI variables; Envoy; Vercel and Next.js, which set theirs again behind their middleware; SvelteKit;
 * Astro and Nitro on Vercel and Azure; intercepting routes of Next.js, which with `Next-Url: /admin` serve a part of `/admin` for
 * `/photo/1` (test/e2e/next/paths.test.ts).
 */
const PATH_OVERRIDES: ReadonlySet<string> = new Set([
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-override-url',
  'x-forwarded-prefix',
  'x-forwarded-path',
  'x-forwarded-uri',
  'script-name',
  'x-script-name',
  'path-info',
  'x-envoy-original-path',
  'x-matched-path',
  'x-invoke-path',
  'x-sveltekit-pathname',
  'x-astro-path',
  'x-now-route-matches',
  'x-ms-original-url',
  'next-url',
]);

/** With these a server that trusts a proxy writes the URL of the request: with `app/admin?` it has another path (CVE-2025-64525). */
const IN_URL = /^(x-)?forwarded(-(host|proto|port))?:.*[/\\?#]/;

/** With these a server takes another method, which most frameworks have as an option. */
const METHOD_OVERRIDE = /^x-(http-method(-override)?|method-override)$/;

/**
 * Behind the gate no unverified Pomerium header is left, no copy of a claim, no session of Pomerium's (`Authorization:
 * Pomerium …`, `Bearer Pomerium-…`), and where path or method decide, no header that overrides them.
 */
export function createForwarder({ removeHeaders, claimHeaders: written, keepAssertion }: ForwardSettings): Forwarder {
  const removed = new Set([...removeHeaders, ...(written?.keys() ?? [])].map(normalizeName));
  const isIdentity = (spelling: string) => isPomeriumSpelling(spelling) || removed.has(spelling);
  return (headers, identity, decidedBy) => {
    const isVerified = (name: string, value: string) =>
      keepAssertion &&
      ((identity !== undefined && name === ASSERTION_HEADER) ||
        (identity?.onBehalfOf !== undefined && name === ASSERTION_FOR_HEADER)) &&
      // An event may have a header in several places, of which the gate looks at one.
      trimValue(value) === readHeader(headers, name);
    const withheld = keepAssertion ? undefined : assertionsIn(headers);
    return {
      keeps(name, value) {
        const spelling = normalizeName(name);
        if (removed.has(spelling)) return false;
        if (decidedBy.path && (PATH_OVERRIDES.has(spelling) || IN_URL.test(`${spelling}:${value}`)))
          return name.toLowerCase() === decidedBy.harmless;
        if (decidedBy.method && METHOD_OVERRIDE.test(spelling)) return false;
        // The next server removes the headers that it names (RFC 9110 section 7.6.1): not those that the gate writes.
        if (spelling === 'connection') return !value.split(',').some((one) => isIdentity(normalizeName(one.trim())));
        if (spelling === 'authorization') return !holdsSession(value) && !(withheld && holdsOneOf(withheld, value));
        return !isPomeriumSpelling(spelling) || isVerified(name.toLowerCase(), value);
      },
      added: identity && written ? claimHeaders(identity, written) : [],
    };
  };
}

/** The assertions of a request, the caller's and that of the user for whom it calls: each, where one came twice. */
export function assertionsIn(headers: HeadersLike): ReadonlySet<string> {
  return new Set([ASSERTION_HEADER, ASSERTION_FOR_HEADER].flatMap((name) => wordsOf(readHeader(headers, name) ?? '')));
}

/** Whether an `Authorization` holds one of these tokens, by whatever scheme. */
export function holdsOneOf(tokens: ReadonlySet<string>, authorization: string): boolean {
  return wordsOf(authorization).some((one) => tokens.has(one));
}

/** What white space and commas part: schemes and tokens, also those of headers that were joined. */
function wordsOf(value: string): readonly string[] {
  return value.match(/[^\s,]+/g) ?? [];
}

/** Whether an `Authorization` holds a session of Pomerium's. */
function holdsSession(authorization: string): boolean {
  return authorization.split(',').some((one) => /^\s*(pomerium\s|bearer\s+pomerium-)/i.test(one));
}

/** A copy of the headers as they go on. */
export function forward(headers: Headers, { keeps, added }: ForwardedHeaders): Headers {
  const forwarded = new Headers(headers);
  for (const [name, value] of headers) if (!keeps(name, value)) forwarded.delete(name);
  for (const [name, text] of added) forwarded.set(name, toHeaderValue(text));
  return forwarded;
}
