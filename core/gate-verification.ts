import type { MaybeAnonymous } from './identity.ts';

/** What a gate tells the verifier beside the public `VerifyContext`. */
export interface GateVerification {
  /**
   * With `routes`, where neither URL nor path is known: whether it is enough that some route of the host lets this identity
   * through. Only where something before has judged the path.
   */
  anyRoute?: boolean | undefined;
  /** Whether a request for nobody is expected here, and no event. */
  expectNobody?: boolean | undefined;
  /** Whether `Host` must be a host, whoever comes. */
  requireHost?: boolean | undefined;
  /** Told for whom an assertion is that holds, where a policy or a route refuses it. */
  onDenied?: ((identity: MaybeAnonymous) => void) | undefined;
}
