import { configurationError } from '../errors.ts';
import { callSafely } from '../events.ts';
import type { HeadersLike, RequestLike } from '../gate/headers.ts';
import type { MaybeAnonymous } from '../identity.ts';
import { isPromiseLike } from '../promise.ts';

/** What a policy may ask about a request. */
export interface RequestInfo {
  readonly method?: string | undefined;
  /**
   * The path that this service is asked for: without the query, percent-encoding removed once, no dot segments. Null where
   * it has no one reading. A policy that asks about the path refuses null, and whatever servers could read in different ways.
   */
  readonly path?: string | null | undefined;
  readonly headers?: HeadersLike | undefined;
  /**
   * For routes, instead of `path`: the percent-encoded target that Pomerium sent. Several: one of these, and those that a route
   * is for must all be let through.
   */
  readonly targets?: readonly string[] | undefined;
  /** For routes: more targets that the request may be served as. Those that a route is for must be let through, too. */
  readonly aliases?: readonly string[] | undefined;
}

/** What a policy is asked about. Only policies with `needsRequest` look at more than the identity. */
export interface PolicyInput extends RequestInfo {
  readonly identity: MaybeAnonymous;
}

/** Whether access is allowed: some allow rule holds (`allow`) and no deny rule does (`deny`). */
export interface PolicyDecision {
  readonly allowed: boolean;
  readonly allow: boolean;
  readonly deny: boolean;
}

export type PolicyAction = 'allow' | 'deny';
export type PolicyOperator = 'and' | 'or' | 'not' | 'nor';

/** A node of the tree that says how a decision came about. `path` is where it stands in the document. */
export interface ExplainedCriterion {
  readonly path: string;
  readonly criterion: string;
  readonly holds: boolean;
  /** Where it is left to Pomerium: `holds` is then what lets the request pass. */
  readonly isLeft?: true;
}
/** What an operator of a rule said: `and`, `or`, `not` or `nor` of its criteria. */
export interface ExplainedOperator {
  readonly path: string;
  readonly operator: PolicyOperator;
  readonly holds: boolean;
  readonly criteria: readonly ExplainedCriterion[];
}
/** What a rule said: it holds when one of its operators does. */
export interface ExplainedRule {
  readonly path: string;
  readonly action: PolicyAction;
  readonly holds: boolean;
  readonly operators: readonly ExplainedOperator[];
}
/** A decision, and what each rule said. */
export interface PolicyExplanation extends PolicyDecision {
  readonly rules: readonly ExplainedRule[];
}

/**
 * A compiled policy: pure, synchronous, frozen.
 * @throws {PomeriumError} both methods: `invalid_configuration` where the policy asks about a request that it was not given,
 * `policy_denied` where it asks about a path that servers read in different ways
 */
export interface Policy {
  /** Whether it asks about the request's method, path or headers. */
  readonly needsRequest: boolean;
  /** Whether it asks about the request's path. */
  readonly needsPath: boolean;
  /** Where the criteria stand that are left to Pomerium, as in `deny.or[0].source_ip`. */
  readonly left?: readonly string[];
  /** Synchronous, frozen, and without allocation. */
  decide(input: PolicyInput): PolicyDecision;
  /** The same decision with what each criterion said: for people, and slower. */
  explain(input: PolicyInput): PolicyExplanation;
  /**
   * Ensures that the identity is allowed, at once: it must not be async. `request`: what is known of it, or the request itself, whose URL is then read.
   * @throws {PomeriumError} `policy_denied`: it names the rule that decided by its place, never a claim's value
   */
  check(identity: MaybeAnonymous, request?: RequestInfo | RequestLike): void;
}

/** Ensures that the policy allows it. A check of one's own that is async would let everybody in before it has decided. */
export function requireAllowed(policy: Policy, identity: MaybeAnonymous, request?: RequestInfo | RequestLike): void {
  const result: unknown = policy.check(identity, request);
  if (!isPromiseLike(result)) return;
  callSafely(() => result);
  throw configurationError('The check of a policy must not be async: it throws at once, or the identity is allowed.');
}

export function isPolicy(value: unknown): value is Policy {
  const { decide, check } = (value ?? {}) as Partial<Policy>;
  return typeof decide === 'function' && typeof check === 'function';
}

/** How `compilePolicy` reads what an assertion cannot say. */
export interface PolicyOptions {
  /**
   * The claims whose several values Pomerium joined with a comma: which these are cannot be seen in an assertion. `[]`: none.
   * @defaultValue unknown: a claim is taken as one value, and refused where that guess could let somebody in
   */
  listClaims?: readonly string[] | undefined;
  /**
   * Criteria that Pomerium alone decides, as `source_ip` or `claim/level`. They are unknown here, and what is unknown refuses
   * nobody who is signed in: an allow rule counts without them, and a deny that needs one does not deny (Kleene's logic).
   * @defaultValue none
   */
  leaveToPomerium?: readonly string[] | undefined;
}
