import { PomeriumError } from '../errors.ts';
import type { RequestLike } from '../gate/headers.ts';
import { isCanonical, readPath } from '../gate/path.ts';
import { hostsOf } from '../request-hosts.ts';
import type { PolicyDecision, PolicyExplanation, RequestInfo } from './policy.ts';

/** A `RequestLike` has a URL instead of a path. */
type PolicyRequest = RequestInfo & Partial<Pick<RequestLike, 'url'>>;

/**
 * The path of a request, read from its URL where it has one. Undefined where there is neither: it is never guessed.
 * @throws {PomeriumError} `audience_mismatch` where `Host` is none, with which the code behind may write another URL
 */
export function pathOf({ url, path, headers }: PolicyRequest): string | null | undefined {
  if (headers) hostsOf({ headers });
  return readablePath(typeof url === 'string' ? readPath(url) : path);
}

/**
 * A decoded path; null where it has no one reading. What follows `?`, `#` or `;` is the path's for one server and none of it
 * for another: `/admin;.png` ends with `.png`, and Tomcat serves `/admin` for it.
 */
export function readablePath(path: string | null | undefined): string | null | undefined {
  return typeof path !== 'string' || (isCanonical(path) && !/[?#;]/.test(path)) ? path : null;
}

/** What the operator is told to expect instead. */
export const ONE_READING = 'a path with one reading: no encoded slash, dot segment, empty segment or double encoding';

export function unreadablePath(): PomeriumError {
  return new PomeriumError(
    'policy_denied',
    'The policy asks about the path, and servers could read that path in different ways.',
    { expected: `${ONE_READING}, no ?, # or ;` },
  );
}

/** The refusal of a policy that does not allow it. */
export function policyDenied({ deny }: PolicyDecision, explain: () => PolicyExplanation): PomeriumError {
  const denial = deny ? explain().rules.find(({ action, holds }) => action === 'deny' && holds) : undefined;
  const why = denial ? `${denial.path} holds` : 'no allow rule holds';
  return new PomeriumError('policy_denied', `The policy refuses it: ${why}.`, {
    expected: 'an allow rule that holds, and no deny rule that does',
    received: denial?.path ?? 'no allow rule that holds',
  });
}
