import { sentence } from '#sentences';
import { PomeriumError } from '../errors.ts';
import { type HeadersLike, type RequestLike, readPath } from '../http.ts';
import type { MaybeAnonymous } from '../identity.ts';
import type { Policy } from './compile.ts';

/** What a policy may ask about a request. */
export interface PolicyRequest {
  readonly method?: string | undefined;
  /** Without the query, percent-encoding taken off. */
  readonly path?: string | undefined;
  readonly headers?: HeadersLike | undefined;
}

/** That the policy allows it, or `policy_denied`: it names the rule that decided by its place, never a claim's value. */
export function checkPolicy(policy: Policy, identity: MaybeAnonymous, request: PolicyRequest | undefined): void {
  const input = { identity, ...request };
  if (policy.decide(input).allowed) return;
  const denying = policy.explain(input).rules.find(({ action, holds }) => action === 'deny' && holds);
  const why = denying ? `${denying.path} holds` : 'no allow rule holds';
  throw new PomeriumError('policy_denied', sentence(`The policy refuses it: ${why}.`), {
    expected: 'an allow rule that holds, and no deny rule that does',
    received: denying?.path ?? 'no allow rule that holds',
  });
}

/**
 * A request as a policy sees it. What it lacks stays missing, since a policy must not be answered from a guess. The path
 * is read when the policy is asked, after every other check.
 */
export function toPolicyRequest({ method, url, headers }: RequestLike): PolicyRequest {
  if (url === undefined) return { method, headers };
  return {
    method,
    headers,
    get path() {
      const path = readPath(url);
      if (path !== undefined) return path;
      throw new PomeriumError(
        'policy_denied',
        sentence('The policy cannot be asked: the percent-encoding of the path is broken.'),
      );
    },
  };
}
