import { withoutUnset } from '../option-readers.ts';
import { CRITERION_NAMES } from '../policy/criteria.ts';
import type { PolicyOptions } from '../policy/policy.ts';
import { requireStandardUrl } from '../url.ts';

/** Criteria that an assertion answers everywhere, and of some values only: naming one in `leaveToPomerium` repairs no mistake. */
const ALWAYS_DECIDED: ReadonlySet<string> = new Set(['user', 'email', 'domain', 'http_method']);

const UNDECIDED: readonly string[] = CRITERION_NAMES.filter((name) => !ALWAYS_DECIDED.has(name));

/** With these every policy compiles that compiles with any: an environment that is not known yet may say so. */
function mostLenient({ routes }: { readonly routes?: unknown }): Required<PolicyOptions> {
  // Routes may filter groups; elsewhere an assertion has them all.
  const leaveToPomerium = routes === undefined ? UNDECIDED.filter((name) => name !== 'groups') : UNDECIDED;
  return { listClaims: [], leaveToPomerium };
}

/** Stands for an environment that is not known yet: an audience; or for routes, among which may be a wildcard, where the keys are. */
export function someEnvironment({ routes }: { readonly routes?: unknown }): object {
  return routes
    ? { POMERIUM_JWKS_URL: 'https://app.corp.example.com/.well-known/pomerium/jwks.json' }
    : { POMERIUM_AUDIENCE: 'app.corp.example.com' };
}

/**
 * Ensures that policies and routes compile with the options that are given, or with what the environment may add to them: where
 * they are checked before that is known.
 * @throws what `compile` throws with what is given
 */
export function requirePossible<Options extends PolicyOptions & { readonly routes?: unknown }>(
  compile: (options: Partial<Options>) => unknown,
  given: Options,
): void {
  try {
    requireStandardUrl();
  } catch {
    // A mistake of the platform's settings, not of the options: it refuses each request.
    return;
  }
  try {
    compile(given);
  } catch (error) {
    const more: PolicyOptions & Partial<Options> = { ...mostLenient(given), ...withoutUnset(given) };
    try {
      compile(more);
    } catch {
      throw error;
    }
  }
}
