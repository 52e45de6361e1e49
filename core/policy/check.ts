import { PomeriumError } from '../errors.ts';
import type { HeadersLike, RequestLike } from '../gate/headers.ts';
import { readPath } from '../gate/path.ts';
import type { MaybeAnonymous } from '../identity.ts';
import type { Policy } from './policy.ts';

/** What a policy may ask about a request. */
export interface RequestInfo {
  readonly method?: string | undefined;
  /**
   * Without the query, percent-encoding removed. Null where the request has none that every server would read the same
   * way: a policy that asks about it then refuses.
   */
  readonly path?: string | null | undefined;
  readonly headers?: HeadersLike | undefined;
}

/**
 * That the policy allows it.
 * @throws {PomeriumError} `policy_denied`: it names the rule that decided by its place, never a claim's value
 */
export function checkPolicy(policy: Policy, identity: MaybeAnonymous, requestInfo: RequestInfo | undefined): void {
  const { method, path, headers } = requestInfo ?? {};
  // Refused before any rule is asked: whether one is reached must not depend on the order of the others.
  if (path === null && policy.needsPath) throw unreadablePath();
  const input = { identity, method, path, headers };
  if (policy.decide(input).allowed) return;
  const denial = policy.explain(input).rules.find(({ action, holds }) => action === 'deny' && holds);
  const why = denial ? `${denial.path} holds` : 'no allow rule holds';
  throw new PomeriumError('policy_denied', `The policy refuses it: ${why}.`, {
    expected: 'an allow rule that holds, and no deny rule that does',
    received: denial?.path ?? 'no allow rule that holds',
  });
}

/** The refusal of a policy that asks about the path of a request that has none that every server reads the same way. */
export function unreadablePath(): PomeriumError {
  return new PomeriumError('policy_denied', 'The policy cannot be asked: the percent-encoding of the path is broken.');
}

/** A request as a policy sees it. What it lacks stays missing, since a policy must not be answered from a guess. */
export function toRequestInfo({ method, url, headers }: RequestLike): RequestInfo {
  return { method, headers, path: typeof url === 'string' ? (readPath(url) ?? null) : undefined };
}
