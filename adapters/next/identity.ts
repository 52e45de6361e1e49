import { headers } from 'next/headers.js';
import { cache } from 'react';
import {
  checkPolicy,
  compilePolicy,
  configurationError,
  type Identity,
  isPolicy,
  type Policy,
  PomeriumError,
  type RequestLike,
  readAssertion,
} from '../../core/adapter.ts';
import { lifetimeOf } from '../vercel/lifetime.ts';
import { type VercelOptions, verifierFor } from '../vercel/options.ts';
import { refuse } from './refuse.ts';

export interface RequireIdentityOptions {
  /** Who may go on: a compiled policy or parsed PPL. It cannot ask about method or path: those are for `createProxy`'s `rules`. */
  policy?: Policy | object;
}

export interface IdentityFunctions {
  /**
   * For whom the request is, verified again; undefined for nobody, and for an assertion that does not hold. Rejects with
   * `keys_unavailable` and `invalid_configuration`, since then nobody can tell. Once a request in server components.
   * `request`: for the Pages Router, whose `req` has to be given; elsewhere `headers()` of Next.js is asked.
   */
  getIdentity(request?: Pick<RequestLike, 'headers'>): Promise<Identity | undefined>;
  /**
   * The same for code that must have one: in server components, route handlers and server actions. Calls Next's
   * `unauthorized()` for nobody, and `forbidden()` for whom the policy does not allow; where `experimental.authInterrupts` is
   * off, rejects with the `PomeriumError` instead.
   */
  requireIdentity(options?: RequireIdentityOptions): Promise<Identity>;
}

/** Both functions for options of your own: those of `createVerifier`, each instead of what the environment says. */
export function createIdentityFunctions(options: VercelOptions = {}): IdentityFunctions {
  const verifyRequest = verifierFor(options);

  const verify = async (request: Pick<RequestLike, 'headers'>): Promise<Identity> => {
    const { waitUntil, settle } = lifetimeOf();
    try {
      return await verifyRequest(request, { waitUntil });
    } finally {
      await settle();
    }
  };
  const verifyOnce = cache(async () => verify({ headers: await headers() }));

  return {
    async getIdentity(request) {
      // Nobody is nothing to report: public pages ask, too.
      if (readAssertion(request?.headers ?? (await headers())) === undefined) return undefined;
      return (request ? verify(request) : verifyOnce()).catch((error) => {
        if (error instanceof PomeriumError && error.status < 500) return undefined;
        throw error;
      });
    },
    async requireIdentity({ policy } = {}) {
      const compiled = policy && compiledPolicy(policy);
      try {
        const identity = await verifyOnce();
        if (compiled) checkPolicy(compiled, identity, undefined);
        return identity;
      } catch (error) {
        return await refuse(error);
      }
    },
  };
}

/** `getIdentity` and `requireIdentity` as the environment configures them. */
export const { getIdentity, requireIdentity } = createIdentityFunctions();

const policies = new WeakMap<object, Policy>();

function compiledPolicy(policy: Policy | object): Policy {
  const compiled = isPolicy(policy) ? policy : (policies.get(policy) ?? compilePolicy(policy));
  policies.set(policy, compiled);
  if (!compiled.needsRequest) return compiled;
  throw configurationError(
    'The policy asks about the request, which is not known behind the gate; write it as one of the rules of createProxy().',
  );
}
