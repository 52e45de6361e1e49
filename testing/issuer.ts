import { configurationError } from '../core/errors.ts';
import { requireKnown, requireOptions } from '../core/option-readers.ts';
import type { Algorithm } from '../core/signature/algorithms.ts';
import { type Members, signClaims } from './assertion.ts';
import { type BadRequest, badRequests } from './bad-assertions.ts';
import { IDENTITIES, userInGroups } from './identities.ts';
import { answerJwks } from './jwks-answer.ts';
import { type JwksServer, serveJwks } from './jwks-server.ts';
import { seededUuid } from './seed.ts';
import { makeSigningKey, type SigningKey } from './signing-key.ts';

/** Options of `createTestIssuer`. */
export interface TestIssuerOptions {
  /**
   * The route's host name: what the verifier has as `audience`.
   * @defaultValue `app.corp.example.com`
   */
  host?: string;
  /**
   * Pomerium's `jwt_issuer_format`: `app.corp.example.com` or `https://app.corp.example.com/`.
   * @defaultValue `host`
   */
  issuerFormat?: 'host' | 'uri';
  /**
   * The signing keys, the first of which signs: algorithms for new ones, or keys.
   * @defaultValue `['ES256']`
   */
  keys?: readonly (Algorithm | SigningKey)[];
  /**
   * Makes keys and token ids the same in every run; signatures are not, since ECDSA draws them at random.
   * @defaultValue none: new ones in every run
   */
  seed?: string;
  /**
   * Seconds since the epoch.
   * @defaultValue the system's clock
   */
  now?: () => number;
}

/** Options of `sign` of a test issuer. */
export interface SignOptions {
  /** @defaultValue the first of the issuer's keys */
  key?: SigningKey;
  /**
   * Members of the JOSE header to replace; `undefined` leaves one out.
   * @defaultValue none
   */
  header?: Members;
}

/** Pomerium, as far as a verifier can tell. Its keys are made for tests: they protect nothing. */
export interface TestIssuer {
  /** What the verifier is configured with as `audience`. */
  readonly host: string;
  /** What is in `iss`. */
  readonly issuer: string;
  /** The first one signs. */
  readonly keys: readonly SigningKey[];
  /** What Pomerium would sign now: for a user, unless `overrides` says otherwise; `undefined` leaves a claim out. */
  claims(overrides?: Members): Promise<Members>;
  /** An assertion with these claims. */
  sign(overrides?: Members, options?: SignOptions): Promise<string>;
  /** An assertion for a service account. */
  serviceAccount(overrides?: Members): Promise<string>;
  /** An assertion for nobody: a route with `allow_public_unauthenticated_access`. */
  anonymous(overrides?: Members): Promise<string>;
  /** An assertion for a user in so many groups: ids and names. */
  withGroups(count?: number): Promise<string>;
  /** Requests of every kind that must be refused, with the codes that may refuse them. */
  bad(): Promise<BadRequest[]>;
  /** The key set as it is published now. */
  jwks(): { keys: Readonly<Record<string, unknown>>[] };
  /** Puts a new key before the old ones, as Pomerium is rotated: unless said, one for the algorithm that signs now. */
  rotate(key?: Algorithm | SigningKey): Promise<SigningKey>;
  /** Takes a key away: by its id, or the oldest. */
  revoke(kid?: string): void;
  /** A `fetch` that answers every URL with the key set: for `remoteKeys(url, { fetch: issuer.fetch })` where nothing can listen. */
  readonly fetch: typeof fetch;
  /** Serves the key set on 127.0.0.1, on a port that is free; Node.js, Bun and Deno. */
  serve(): Promise<JwksServer>;
}

/**
 * An issuer that signs exactly like Pomerium: header, claims and their order, key ids.
 *
 * @throws {PomeriumError} `invalid_configuration` where `NODE_ENV` is `production`, and for options that do not exist
 *
 * @example
 * ```ts
 * const issuer = await createTestIssuer({ host: 'app.corp.example.com' })
 * const verifier = createVerifier({ audience: issuer.host, keys: staticKeys(issuer.jwks()) })
 * await verifier.verify(await issuer.sign({ email: 'bob@example.com' }))
 * ```
 */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  if (globalThis.process?.env?.['NODE_ENV'] === 'production') {
    throw configurationError('pomerium-edge/testing signs whatever it is asked to, and NODE_ENV is production.');
  }
  requireOptions(options);
  requireKnown(options, ['host', 'issuerFormat', 'keys', 'seed', 'now'], 'option of createTestIssuer');
  const { host = 'app.corp.example.com', issuerFormat = 'host', seed, keys = ['ES256'] } = options;
  const now = options.now ?? (() => Date.now() / 1000);
  const issuer = issuerFormat === 'uri' ? `https://${host}/` : host;
  let keyCount = 0;
  let tokenCount = 0;
  const toKey = (key: Algorithm | SigningKey) =>
    typeof key === 'string' ? makeSigningKey(key, seed && `${seed} key ${keyCount++}`) : key;
  let current: readonly SigningKey[] = [];
  for (const key of keys) current = [...current, await toKey(key)];

  const claims = async (overrides: Members = {}): Promise<Members> => {
    const iat = Math.floor(now());
    const jti = seed === undefined ? crypto.randomUUID() : await seededUuid(`${seed} token ${tokenCount++}`);
    const all = { aud: host, exp: iat + 300, iat, iss: issuer, jti, ...IDENTITIES.user, ...overrides };
    // Go writes a map's keys in their order.
    return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const signingKey = (): SigningKey => {
    const [key] = current;
    if (key) return key;
    throw configurationError('The issuer has no key left; call rotate().');
  };
  const sign: TestIssuer['sign'] = async (overrides, { key = signingKey(), header } = {}) =>
    signClaims(key, await claims(overrides), header);
  const jwks = () => ({ keys: current.map(({ publicJwk }) => publicJwk) });

  return {
    host,
    issuer,
    get keys() {
      return current;
    },
    claims,
    sign,
    serviceAccount: (overrides) => sign({ ...IDENTITIES.serviceAccount, ...overrides }),
    anonymous: (overrides) => sign({ ...IDENTITIES.anonymous, ...overrides }),
    withGroups: (count = 200) => sign(userInGroups(count)),
    bad: async () => badRequests({ key: signingKey(), host, claims: await claims(), now: Math.floor(now()) }),
    jwks,
    async rotate(key = current[0]?.algorithm ?? 'ES256') {
      const newKey = await toKey(key);
      current = [newKey, ...current];
      return newKey;
    },
    revoke(kid = current.at(-1)?.kid) {
      current = current.filter((key) => key.kid !== kid);
    },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { status, headers, body } = await answerJwks(jwks(), request.headers.get('if-none-match'));
      return new Response(body === '' ? null : body, { status, headers });
    },
    serve: () => serveJwks(jwks),
  };
}
