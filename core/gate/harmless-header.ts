import { isPolicy } from '../policy/policy.ts';
import { readPath } from './path.ts';
import { type GateRequest, readPaths } from './request.ts';
import type { PathRules } from './rules.ts';

/** The header that goes on since by these rules nobody sees more with it than without. */
export function harmlessHeader(request: GateRequest, rules: PathRules): string | undefined {
  if (!request.shownIn) return undefined;
  const { header, paths } = request.shownIn;
  const own = readPaths(request).all;
  const access = rules.accessTo(own);
  // A policy about the path may allow this one, and not that of the page.
  if (isPolicy(access) && access.needsPath) return undefined;
  return access === rules.accessTo([...own, ...paths.map(readPath)]) ? header : undefined;
}
