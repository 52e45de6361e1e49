import { isObject } from '../../core/json.ts';
import { pathTo } from './path.ts';

interface ClaimCriterion {
  readonly path: string;
  readonly claim: string;
}

/** The criteria that ask for a claim which an assertion has only if Pomerium is told to. */
export function claimsIn(value: unknown, path = ''): ClaimCriterion[] {
  if (Array.isArray(value)) return value.flatMap((one, i) => claimsIn(one, pathTo(path, i)));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const at = pathTo(path, key);
    const claim = /^claim\/(.+)$/.exec(key)?.[1];
    if (claim === undefined) return claimsIn(member, at);
    return claim === 'groups' ? [] : [{ path: at, claim }];
  });
}
