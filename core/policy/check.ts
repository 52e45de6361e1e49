import { PomeriumError } from '../errors.ts';
import type { RequestLike } from '../gate/headers.ts';
import { isCanonical, readPath } from '../gate/path.ts';
import type { PolicyDecision, PolicyExplanation, RequestInfo } from './policy.ts';

/** A `RequestLike` has a URL instead of a path. */
type PolicyRequest = RequestInfo & Partial<Pick<RequestLike, 'url'>>;

/** The path of a request, read from its URL where it has one. Undefined where there is neither: it is never guessed. */
export function pathOf({ url, path }: PolicyRequest): string | null | undefined {
  return typeof url === 'string' ? readPath(url) : readablePath(path);
}

/** A path that is said to be decoded; null where it has no one reading. One with a query is the URL's, and not decoded. */
export function readablePath(path: string | null | undefined): string | null | undefined {
  return typeof path !== 'string' || (isCanonical(path) && !path.includes('?')) ? path : null;
}

export function unreadablePath(): PomeriumError {
  return new PomeriumError(
    'policy_denied',
    'The policy asks about the path of the request, and servers could read that path in different ways.',
    { expected: 'a path with one reading: no encoded slash, dot segment, empty segment or double encoding' },
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
