import { PomeriumError } from '../errors.ts';
import type { GateVerification } from '../gate-verification.ts';
import type { Identity, MaybeAnonymous } from '../identity.ts';
import { compilePolicy } from '../policy/compile.ts';
import { isPolicy, type Policy } from '../policy/policy.ts';
import { sentHosts } from '../request-hosts.ts';
import type { Verifier, VerifyContext } from '../verifier.ts';
import { readAssertion } from './headers.ts';
import { loggedPath } from './log.ts';
import { type GateRequest, infoOf, readPaths } from './request.ts';
import { allOf, type PathRules } from './rules.ts';

/** What the platform lends to one request. */
export interface GateContext extends Pick<VerifyContext, 'waitUntil'> {
  /** The platform's own id of the request, for the log, where it stands in no header. */
  readonly requestId?: string | undefined;
  /**
   * Whether a gate before this one has judged the request, of which URL and path are not known here, or for the log alone:
   * nobody is then no refusal, and it is enough that one of the `routes` lets somebody through.
   */
  readonly isBehindGate?: boolean | undefined;
  /** One more policy, that of a route: somebody must have come, and be allowed by it. */
  readonly policy?: Policy | undefined;
}

/** Whom a gate looks for. */
export interface IdentifySettings {
  readonly rules: PathRules | undefined;
  readonly optional: boolean;
  readonly logSubject: boolean;
}

/** Who comes. */
export interface Visitor {
  /** Undefined for nobody, where nobody may pass. */
  readonly identity?: Identity | undefined;
  /** Whether the same request would pass without an assertion: a public path, `optional`, a preflight. Never with `routes`. */
  readonly isForAnybody: boolean;
}

export const NOBODY: Visitor = { isForAnybody: true };

/** For whom the request is. Everything else is thrown. */
export async function identify(
  request: GateRequest,
  { waitUntil, requestId, policy, isBehindGate = false, onDenied }: GateContext & Pick<GateVerification, 'onDenied'>,
  verifier: Verifier<MaybeAnonymous>,
  { rules, optional, logSubject }: IdentifySettings,
): Promise<Visitor> {
  const { method, url, headers } = request;
  const read = readPaths(request);
  // Many servers write the URL of a request with `Host`, and with `app/admin?` it has another path.
  const hasOddHost = rules !== undefined && !sentHosts(headers);
  const access = rules?.accessTo(read.all);
  const policies = [access, policy].filter(isPolicy);
  const isPublic = access === 'public' && !policy && !hasOddHost;
  const mayBeNobody = isPublic || ((optional || isBehindGate) && !policy);
  if (mayBeNobody && !readAssertion(headers)) return NOBODY;
  try {
    const verification: VerifyContext & GateVerification = {
      // A route of Pomerium may let nobody in; a policy of this place is for somebody.
      policy: policies.length > 0 ? allOf(policy ? [SOMEBODY, ...policies] : policies) : undefined,
      waitUntil,
      requestInfo: infoOf(request, read),
      anyRoute: isBehindGate,
      eventRequest: {
        method,
        path: url === undefined ? undefined : loggedPath(read.path),
        id: requestId,
      },
      logSubject,
      expectNobody: mayBeNobody,
      requireHost: hasOddHost,
      onDenied,
    };
    const identity = await verifier.verifyRequest(request, verification);
    return { identity: isSomebody(identity) ? identity : undefined, isForAnybody: mayBeNobody };
  } catch (error) {
    if (!(error instanceof PomeriumError)) throw error;
    // On a public path what does not hold is not believed. Elsewhere only an assertion for nobody counts as none, and not
    // one that came for the user on whose behalf somebody calls.
    if (isPublic && error.status !== 500) return NOBODY;
    if (mayBeNobody && error.code === 'anonymous' && error.subject === 'assertion') return NOBODY;
    throw error;
  }
}

/** With which only somebody passes. The verifier asks `check` alone. */
const SOMEBODY: Policy = {
  ...compilePolicy({}),
  check(identity) {
    if (isSomebody(identity)) return;
    throw new PomeriumError('anonymous', 'The assertion is for nobody, and a policy of this place is for somebody.', {
      expected: 'an assertion for somebody who is signed in',
    });
  },
};

function isSomebody(identity: MaybeAnonymous): identity is Identity {
  return identity.subject !== undefined;
}
