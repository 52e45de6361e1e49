import { cache } from 'react';
import {
  compilePolicy,
  configurationError,
  encodePath,
  GATE_VARIABLES,
  type GateRequest,
  type GateResult,
  type Identity,
  isPolicy,
  type Policy,
  PomeriumError,
  type RequestLike,
  readPath,
  requireKnown,
  requireOptions,
} from '../../core/adapter.ts';
import { lazyGate } from '../vercel/lazy-gate.ts';
import type { VercelOptions } from '../vercel/options.ts';
import { environment } from '../vercel/platform.ts';
import { refuse } from './refuse.ts';
import { requestHeaders, requireUncached } from './request-headers.ts';

/** Options of `requireIdentity`. */
export interface RequireIdentityOptions {
  /**
   * Who may go on: a compiled policy or parsed PPL. It cannot ask about method or path: those are for `createProxy`'s `rules`. One
   * that is undefined is a mistake; leave it out.
   */
  policy?: Policy | object;
}

/** What has the headers of a request: that of the Pages Router, and every `Request`. */
type WithHeaders = Pick<RequestLike, 'headers'>;

/** What `createIdentityFunctions` makes, for the code behind the proxy. */
export interface IdentityFunctions {
  /**
   * For whom the request is, verified again; undefined for nobody, and for an assertion that does not hold. Once a request in
   * server components.
   *
   * @param request - for the Pages Router, whose `req` has to be given; elsewhere `headers()` of Next.js is asked
   * @throws {PomeriumError} `keys_unavailable` and `invalid_configuration`, since then nobody can tell
   */
  getIdentity(request?: WithHeaders): Promise<Identity | undefined>;
  /** For code of the Pages Router that must have one: its `req` has to be given. Rejects with the `PomeriumError`, whose `status` is the answer's. */
  requireIdentity(request: WithHeaders, options?: RequireIdentityOptions): Promise<Identity>;
  /**
   * For code that must have one: in server components, route handlers and server actions. Calls Next's
   * `unauthorized()` for nobody, and `forbidden()` for whom the policy does not allow.
   *
   * @throws {PomeriumError} where `experimental.authInterrupts` is off, the refusal; and always `keys_unavailable` and
   * `invalid_configuration`
   */
  requireIdentity(options?: RequireIdentityOptions): Promise<Identity>;
}

/** What only `createProxy` decides. In the environment of both it is no mistake. */
const INSTEAD = 'who passes, and how, is for createProxy(); getIdentity() is undefined for nobody';
const OF_THE_PROXY = [
  'allowAnonymous',
  'rules',
  'optional',
  'allowPreflight',
  'corsOrigins',
  'claimHeaders',
  'removeHeaders',
  'keepAssertion',
  'shared',
  'endAtExpiry',
  'refusalPage',
  'onRefused',
];

/** A policy with which only somebody passes. */
const SOMEBODY = compilePolicy({ allow: { or: [{ accept: true }] } });

/**
 * Both functions for options of your own: those of `createVerifier`, `listClaims`, `leaveToPomerium`, `log` and `logSubject`, each
 * instead of what the environment says.
 *
 * Neither knows the path, by which `routes` differ: they ask for which host the assertion is, and whether some route of it lets
 * this identity through. By which route the request came is for `createProxy` to judge, and `identity.route` is left out.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, for options that cannot work
 */
export function createIdentityFunctions(options: VercelOptions = {}): IdentityFunctions {
  const gate = lazyGate(options, {
    without: Object.fromEntries(OF_THE_PROXY.map((name) => [name, INSTEAD])),
    readEnvironment,
    checkPolicy: requireNoRequest,
  });
  const authorize = async (request: GateRequest, policy?: Policy) =>
    gate.authorize(withoutHost(request), { policy, isBehindGate: true });
  // Remembered while a page is rendered, and after it (`after()`), where Next.js has no headers any more.
  const forAnybody = cache(async () => authorize({ headers: await requestHeaders() }));
  const forSomebody = cache(async () => authorize({ headers: await requestHeaders() }, SOMEBODY));

  const compiledPolicies = new WeakMap<object, Policy>();
  const compile = (policy: object): Policy => {
    const compiled = compiledPolicies.get(policy) ?? compilePolicy(policy, gate.settings.policyOptions);
    compiledPolicies.set(policy, compiled);
    return compiled;
  };

  const readPolicy = (options: RequireIdentityOptions): Policy | undefined => {
    requireOptions(options);
    requireKnown(options, ['policy'], 'option of requireIdentity()');
    if (!('policy' in options)) return undefined;
    const { policy } = options;
    // One that was looked up and is not there is refused, too: without it everybody who is signed in would pass.
    if (typeof policy !== 'object' || policy === null) return compilePolicy(policy);
    return requireNoRequest(isPolicy(policy) ? policy : compile(policy));
  };
  const authorizeHere = async (policy: Policy | undefined) => {
    if (policy) return authorize({ headers: await requestHeaders() }, policy);
    await requireUncached();
    return forSomebody();
  };

  return {
    async getIdentity(request) {
      const result = await (request ? authorize(request) : requireUncached().then(forAnybody));
      if (result.type === 'allow') return result.identity;
      if (result.error.status < 500) return undefined;
      throw result.error;
    },
    async requireIdentity(given: WithHeaders | RequireIdentityOptions = {}, options: RequireIdentityOptions = {}) {
      if (isRequest(given)) return identityIn(await authorize(given, readPolicy(options) ?? SOMEBODY));
      // Where the request is undefined, the options still count.
      const policy = readPolicy(given) ?? readPolicy(options);
      try {
        return identityIn(await authorizeHere(policy));
      } catch (error) {
        return await refuse(error);
      }
    },
  };
}

const fromEnvironment = createIdentityFunctions();

/**
 * For whom the request is, verified again, as the environment configures it; undefined for nobody. See `IdentityFunctions`.
 *
 * @throws {PomeriumError} `keys_unavailable` and `invalid_configuration`, since then nobody can tell
 */
export const getIdentity: IdentityFunctions['getIdentity'] = fromEnvironment.getIdentity;

/**
 * The same for code that must have somebody: `unauthorized()` or `forbidden()` of Next.js otherwise. See `IdentityFunctions`.
 *
 * @throws {PomeriumError} where `experimental.authInterrupts` is off, the refusal; and always `keys_unavailable` and
 * `invalid_configuration`
 */
export const requireIdentity: IdentityFunctions['requireIdentity'] = fromEnvironment.requireIdentity;

/** The environment without what is the proxy's. */
function readEnvironment(): object {
  const variables = OF_THE_PROXY.map((option) => GATE_VARIABLES[option]);
  return Object.fromEntries(Object.entries(environment()).filter(([name]) => !variables.includes(name)));
}

/** Method and path are for the log, where they are known. The host of the URL is the deployment's, and must decide nothing. */
function withoutHost({ headers, method, url }: GateRequest): GateRequest {
  return {
    headers,
    ...(typeof method === 'string' && { method }),
    ...(typeof url === 'string' && { url: encodePath(readPath(url) ?? '') }),
  };
}

function isRequest(value: WithHeaders | RequireIdentityOptions): value is WithHeaders {
  return typeof value === 'object' && value !== null && 'headers' in value;
}

function identityIn(result: GateResult): Identity {
  if (result.type === 'allow' && result.identity) return result.identity;
  throw result.type === 'refuse' ? result.error : new PomeriumError('missing_assertion', 'The request is for nobody.');
}

function requireNoRequest(policy: Policy): Policy {
  if (!policy.needsRequest) return policy;
  throw configurationError(
    'The policy asks about the request, which is not known behind the gate; write it as one of the rules of createProxy().',
  );
}
