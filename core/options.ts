import type { EventListener } from './events.ts';
import type { KeySource } from './keys/source.ts';
import type { JwksStore } from './keys/stores/store.ts';
import type { Policy } from './policy/policy.ts';
import type { Routes } from './routes/compile.ts';
import type { Algorithm } from './signature/algorithms.ts';

/** How assertions for one or several audiences are verified. */
export interface VerifierOptions extends CommonOptions {
  /**
   * The route's host name, as Pomerium writes it to `aud`: no scheme, no port. One of these must be in the assertion; where
   * the request was sent to one of them, that one.
   */
  audience: string | readonly string[];
  /**
   * Who may have issued the assertion, compared exactly. Pomerium of 2020 wrote the authenticate service's host: then name
   * that.
   * @defaultValue the host of the audience that the assertion is for, as `host` or as `https://host/`, Pomerium's two formats
   */
  issuer?: string | readonly string[];
  /**
   * Several Pomeriums, instead of `issuer` and `keys`: the host of each issuer, with its keys. An assertion is checked with the
   * keys of its own issuer alone, and an audience that is one of these hosts has no other issuer.
   * @defaultValue one issuer, `issuer`
   */
  issuers?: Readonly<Record<string, KeySource>>;
  /**
   * Who may do what, from `compilePolicy`, decided after every other check. A refusal is `policy_denied`, 403.
   * @defaultValue none
   */
  policy?: Policy;
}

/** How assertions for Pomerium's own routes are verified. */
export interface RoutesVerifierOptions extends CommonOptions {
  /**
   * Pomerium's own routes, from `compileRoutes`, instead of `audience`, `issuer` and `policy`. An assertion for nobody passes
   * where its route lets nobody in particular through.
   */
  routes: Routes;
  audience?: never;
  issuer?: never;
  issuers?: never;
  policy?: never;
}

interface CommonOptions {
  /**
   * Where the keys come from: `remoteKeys` or `staticKeys`.
   * @defaultValue `remoteKeys('https://<host of the first issuer>/.well-known/pomerium/jwks.json')`; with `routes`, at their first
   * host, and required where one is a wildcard
   */
  keys?: KeySource;
  /**
   * A cache for the default keys, as `remoteKeys` takes it. With `keys` of your own, pass it to those.
   * @defaultValue none
   */
  store?: JwksStore;
  /**
   * Seconds by which clocks may differ, on `exp`, `iat` and `nbf`.
   * @defaultValue `60`
   */
  clockTolerance?: number;
  /**
   * The greatest age of an assertion, in seconds since `iat`; `clockTolerance` is added.
   * @defaultValue none beyond `exp`
   */
  maxTokenAge?: number;
  /**
   * The algorithms that are accepted: `ES256`, `RS256`, `EdDSA`.
   * @defaultValue `['ES256']`
   */
  algorithms?: readonly Algorithm[];
  /**
   * Whether an assertion for nobody (an empty `sub`) is accepted.
   * @defaultValue `false`; with `routes`, as these say
   */
  allowAnonymous?: boolean;
  /**
   * Verifies the user for whom a service calls, from `x-pomerium-jwt-assertion-for`.
   * @defaultValue that header is never read
   */
  onBehalfOf?: OnBehalfOfOptions;
  /**
   * Receives what happens, for logs and metrics; never a token. It may be asynchronous. What it throws or rejects with is
   * ignored.
   */
  onEvent?: EventListener;
  /**
   * Seconds since the epoch, for tests.
   * @defaultValue the system's clock
   */
  now?: () => number;
}

/** How the assertion of the original user is verified: by rules of its own, since another route's Pomerium signed it. */
export interface OnBehalfOfOptions {
  /** The host name of the first route. */
  audience: string | readonly string[];
  /**
   * Who may have issued that assertion.
   * @defaultValue as for the verifier, from this audience
   */
  issuer?: string | readonly string[];
  /**
   * Where the keys for it come from.
   * @defaultValue as for the verifier, from this issuer
   */
  keys?: KeySource;
  /**
   * The policy that the direct caller must meet to act for others. Required: Pomerium passes on whatever a browser sends
   * under that name, so a valid one proves only that the caller once had that user's assertion.
   */
  callers: Policy;
}

/** Either of them, to be looked into. */
export type EitherOptions =
  | (VerifierOptions & { routes?: undefined })
  | (RoutesVerifierOptions & { audience?: undefined; policy?: undefined });

/** The names of all options. */
export const VERIFIER_OPTIONS: readonly (keyof VerifierOptions | 'routes')[] = [
  'audience',
  'issuer',
  'keys',
  'issuers',
  'store',
  'clockTolerance',
  'maxTokenAge',
  'algorithms',
  'allowAnonymous',
  'policy',
  'routes',
  'onBehalfOf',
  'onEvent',
  'now',
];

/** Options as they are read: one that is undefined is not set. */
type Unset<Options> = { [Name in keyof Options]: Options[Name] | undefined };

/** Whatever is written, which may not fit together. */
export type AnyOptions = Partial<Unset<VerifierOptions & Pick<RoutesVerifierOptions, 'routes'>>>;
