import {
  createVerifier,
  type EitherOptions,
  isPlainObject,
  type MaybeAnonymous,
  type Policy,
  type Verifier,
} from '../../core/adapter.ts';
import { environment } from './platform.ts';
import { shared, toOwnError } from './shared.ts';

/**
 * The process's verifier for these options, where those that were given are plain data: gates and identity functions of all
 * bundles then share its keys and verdicts. Elsewhere a new one.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function makeSharedVerifier(options: EitherOptions, given: object): Verifier<MaybeAnonymous> {
  if (!isPlain(given)) return createVerifier(options);
  const hasLog = options.onEvent !== undefined;
  const verifier = shared(keyOf({ ...given, hasLog }), () => forOtherBundles(createVerifier(options)));
  return {
    verify: (assertion, context) => verifier.verify(assertion, context).catch(throwOwn),
    verifyRequest: (request, context) => verifier.verifyRequest(request, context).catch(throwOwn),
    ready: (context) => verifier.ready(context).catch(throwOwn),
  };
}

/** A verifier that knows the refusals of another bundle's policies as its own, and so tells its listener of them. */
function forOtherBundles(verifier: Verifier<MaybeAnonymous>): Verifier<MaybeAnonymous> {
  return {
    verify: (assertion, context = {}) => verifier.verify(assertion, { ...context, policy: ownPolicy(context.policy) }),
    verifyRequest: (request, context = {}) =>
      verifier.verifyRequest(request, { ...context, policy: ownPolicy(context.policy) }),
    ready: (context) => verifier.ready(context),
  };
}

function ownPolicy(policy: Policy | undefined): Policy | undefined {
  return (
    policy && {
      ...policy,
      check(identity, request) {
        try {
          return policy.check(identity, request);
        } catch (error) {
          throwOwn(error);
        }
      },
    }
  );
}

function throwOwn(error: unknown): never {
  throw toOwnError(error);
}

/** Whether JSON can tell this from others, as routes that are not compiled. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'function') return false;
  if (typeof value !== 'object' || value === null) return true;
  return (Array.isArray(value) || isPlainObject(value)) && Object.values(value).every(isPlain);
}

function keyOf(options: object): string {
  const ours = Object.entries(environment()).filter(([name]) => name.startsWith('POMERIUM_'));
  return JSON.stringify([ours, Object.entries(options).sort()]);
}
