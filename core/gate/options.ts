import type { RoutesInput } from '../environment.ts';
import type { PomeriumError } from '../errors.ts';
import type { VerifierOptions } from '../options.ts';
import type { ClaimHeaderNames } from './claim-headers.ts';
import type { RefusalPageOptions } from './refusal-page-options.ts';
import type { PathRule } from './rules.ts';

/** Answers a refused request instead of the gate; undefined: the gate answers. `request`: the platform's own. */
export type OnRefused<Request> = (
  error: PomeriumError,
  request: Request,
) => Response | undefined | Promise<Response | undefined>;

/** What every gate may be told beside the options of its verifier. Each option replaces what the environment says. */
export interface GateOptions<Request = unknown> extends Partial<Omit<VerifierOptions, 'allowAnonymous'>>, RoutesInput {
  /**
   * Who may see which path: the first rule that fits decides, and a path that none fits is for nobody (docs/gate.md).
   * @defaultValue `POMERIUM_RULES`; then every path is for whoever comes through Pomerium
   *
   * @example
   * ```ts
   * withPomerium(handler, {
   *   rules: [
   *     { path: '/status', access: 'public' },
   *     { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
   *     { prefix: '/', access: 'authenticated' },
   *   ],
   * })
   * ```
   */
  rules?: readonly PathRule[];
  /**
   * Whether requests for nobody pass, with no identity: those without an assertion, and those with one that Pomerium signed
   * for nobody. A bad assertion is refused all the same. Not beside `rules`, whose `public` paths say where.
   * @defaultValue `POMERIUM_OPTIONAL`, then false
   */
  optional?: boolean;
  /**
   * Whether CORS preflights pass, which carry no credentials. The route in Pomerium needs `cors_allow_preflight`.
   * @defaultValue `POMERIUM_ALLOW_PREFLIGHT`, then false
   */
  allowPreflight?: boolean;
  /**
   * The origins whose scripts may see a refusal (`https://app.example.com`): it then carries CORS headers. `*`: any, without
   * credentials.
   * @defaultValue `POMERIUM_CORS_ORIGINS`, then none
   */
  corsOrigins?: readonly string[];
  /**
   * Claims to write as headers, as `jwt_claims_headers` of Pomerium: beside user, email, name and groups.
   * @defaultValue `POMERIUM_CLAIM_HEADERS`; then a guard writes those four, and a wrapper none
   */
  claimHeaders?: ClaimHeaderNames;
  /**
   * More request headers to remove: unsigned copies of claims, by the names that `jwt_claims_headers` gives them.
   * @defaultValue `POMERIUM_REMOVE_HEADERS`, then none
   */
  removeHeaders?: readonly string[];
  /**
   * Whether the code behind gets the assertion, in whichever header it came.
   * @defaultValue `POMERIUM_KEEP_ASSERTION`, then true
   */
  keepAssertion?: boolean;
  /**
   * The claims that policies, rules and routes take as lists, see `compilePolicy`. For those that are not compiled yet.
   * @defaultValue `POMERIUM_LIST_CLAIMS`, then unknown
   */
  listClaims?: readonly string[];
  /**
   * The criteria of policies, rules and routes that Pomerium alone decides, see `compilePolicy`. For those that are not
   * compiled yet.
   * @defaultValue `POMERIUM_LEAVE_TO_POMERIUM`, then none
   */
  leaveToPomerium?: readonly string[];
  /**
   * Whether shared caches may keep the answers: only where they are the same for everybody.
   * @defaultValue `POMERIUM_SHARED`, then false
   */
  shared?: boolean;
  /**
   * Whether what is still open when the assertion ends (a WebSocket, a streamed answer) is closed then.
   * @defaultValue `POMERIUM_END_AT_EXPIRY`, then false
   */
  endAtExpiry?: boolean;
  /**
   * The page for people who are refused: the site's name, where help is, texts in other languages.
   * @defaultValue `POMERIUM_REFUSAL_PAGE`, then English
   *
   * @example
   * ```ts
   * createProxy({
   *   refusalPage: {
   *     siteName: 'Wiki',
   *     helpUrl: 'mailto:help@example.com',
   *     texts: { nl: { 403: ['Geen toegang', 'Deze pagina is niet voor u.'], home: 'Startpagina' } },
   *   },
   * })
   * ```
   */
  refusalPage?: RefusalPageOptions;
  /**
   * Answers a refused request instead of the gate: a redirect, a page of one's own. It is never cached.
   * @defaultValue the gate's own answer
   */
  onRefused?: OnRefused<Request>;
  /**
   * Whether there is a log: a line of JSON for each refusal, failed refresh, skipped key and wrong configuration. `onEvent` is
   * told of everything in any case; what no event tells of (a mistake in code, options that cannot work) is always logged.
   * @defaultValue `POMERIUM_LOG`, then true
   */
  log?: boolean;
  /**
   * Whether log and events say who was let in: the subject of each verified assertion, for an audit log.
   * @defaultValue `POMERIUM_LOG_SUBJECT`, then false
   */
  logSubject?: boolean;
}

/** Options with which only requests for somebody pass, unless the environment says otherwise. A route may be for nobody. */
export type SignedInOptions<Options extends GateOptions<never>> = Options & {
  routes?: never;
  rules?: never;
  optional?: false;
  allowPreflight?: false;
};
