import { ASSERTION_HEADER } from '../../core/gate/headers.ts';
import type { JsonObject } from '../../core/json.ts';
import { type BadRequest, badRequests } from '../../testing/bad-assertions.ts';
import type { TestIssuer } from '../../testing/issuer.ts';
import type { Expected } from './expected.ts';

type HeaderLine = readonly [name: string, value: string];

/** One request of the battery. */
export interface Attack {
  readonly name: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly headers: readonly HeaderLine[];
  /** Whether it must get in or be refused. */
  readonly expect: 'refused' | 'let in';
  /** A text that is forged: it must not come back. */
  readonly marker?: string;
}

/** Nobody has this address but whoever forges it. */
const MARKER = 'forged-by-doctor@evil.test';

/** Claims that whoever sends them chose. */
export const SPOOFED: readonly HeaderLine[] = [
  ['X-Pomerium-Claim-Email', MARKER],
  ['X_Pomerium_Claim_Email', MARKER],
  ['X-Pomerium-Jwt-Assertion-For', MARKER],
];

/** Who must get in and who must not, as of `Plan`. */
interface People {
  readonly somebody?: JsonObject | undefined;
  readonly expected?: Expected | undefined;
}

/** `isTrusted`: the endpoint knows the issuer's key. */
export async function attacksOn(
  url: URL,
  issuer: TestIssuer,
  { isTrusted, somebody, expected }: People & { isTrusted: boolean },
): Promise<Attack[]> {
  const path = url.pathname + url.search;
  const refused = { path, expect: 'refused' } as const;
  const bad = (await badAssertions(issuer, { somebody, expected })).map(
    ({ name, headers }): Attack => ({ ...refused, name, headers }),
  );
  return [
    // Whom the routes let in is not known where none was found.
    ...(isTrusted && (!expected || somebody) ? await goodRequests(path, issuer, somebody) : []),
    ...(isTrusted ? await refusedPeople(path, issuer, expected) : []),
    ...bad,
    ...(isTrusted
      ? []
      : [
          {
            ...refused,
            name: 'signed by nobody it knows',
            headers: [[ASSERTION_HEADER, await issuer.sign()]] as const,
          },
        ]),
    { ...refused, name: 'every claim header, without an assertion', headers: SPOOFED },
    ...pathTricks(url.pathname).map(
      (trick): Attack => ({ ...refused, name: `path ${trick}`, path: trick, headers: [] }),
    ),
    ...HEADER_TRICKS.map(
      ([name, value]): Attack => ({ ...refused, name: `${name}: ${value.split(':', 1)}`, headers: [[name, value]] }),
    ),
  ];
}

/** All else of them is good, so that nothing but the flaw is a reason to refuse them. */
async function badAssertions(issuer: TestIssuer, { somebody, expected }: People): Promise<BadRequest[]> {
  const [key] = issuer.keys;
  const claims = await issuer.claims(somebody);
  const bad =
    somebody && key
      ? badRequests({ key, host: issuer.host, claims, now: Math.floor(Date.now() / 1000) })
      : issuer.bad();
  return (await bad).filter(({ name }) => !expected?.good.includes(name));
}

/** Genuine assertions, for people whom the routes refuse. */
async function refusedPeople(path: string, issuer: TestIssuer, expected: Expected | undefined): Promise<Attack[]> {
  const { refused = [], issuerFormat } = expected ?? {};
  return Promise.all(
    refused.map(async ({ name, claims }): Promise<Attack> => {
      const host = String(claims['aud'] ?? issuer.host);
      const assertion = await issuer.sign({ ...claims, iss: issuerFormat === 'uri' ? `https://${host}/` : host });
      return { path, expect: 'refused', name, headers: [[ASSERTION_HEADER, assertion]] };
    }),
  );
}

async function goodRequests(path: string, issuer: TestIssuer, somebody: JsonObject | undefined): Promise<Attack[]> {
  const line = [ASSERTION_HEADER, await issuer.sign(somebody)] as const;
  const good = { path, expect: 'let in' } as const;
  return [
    { ...good, name: 'a good assertion', headers: [line] },
    { ...good, name: 'a good assertion, with forged claim headers', headers: [line, ...SPOOFED], marker: MARKER },
  ];
}

/** Headers by which some proxy or framework took another path than it was asked for, or skipped a check. */
const HEADER_TRICKS: readonly HeaderLine[] = [
  ['X-Original-URL', '/'],
  ['X-Rewrite-URL', '/'],
  ['X-Forwarded-Uri', '/'],
  ['X-Forwarded-Prefix', '/public'],
  ['X-Middleware-Subrequest', 'middleware:middleware:middleware:middleware:middleware'],
  ['X-Middleware-Subrequest', 'src/middleware:src/middleware:src/middleware:src/middleware:src/middleware'],
  ['RSC', '1'],
  // The matcher in Next.js' guide to CSP lets it around the proxy.
  ['Purpose', 'prefetch'],
  ['X-Forwarded-For', '127.0.0.1'],
];

/** Other spellings of the path, without an assertion: who checks one spelling and serves another is found. */
function pathTricks(path: string): string[] {
  const encoded = path.replace(/[a-z]/i, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  const tricks = [
    `/${path}`,
    `/public/..${path}`,
    `/public/%2e%2e${path}`,
    `/public%2f..${path}`,
    `${path}/.`,
    `${path}%2f`,
    `${path};x=1`,
    `${path}?x=1`,
    `${path}.json`,
    // As Vercel serves the function of /api/x.
    `${path}.ts`,
    path.toUpperCase(),
    encoded,
    path.replaceAll('/', '\\').replace('\\', '/'),
  ];
  return [...new Set(tricks)].filter((trick) => trick !== path);
}
