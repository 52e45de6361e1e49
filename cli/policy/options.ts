import type { PolicyOptions } from '../../core/index.ts';

/** What `check` and `print` take, and `test` beside its own. */
export interface CheckOptions {
  readonly listClaims?: readonly string[];
  readonly leave?: readonly string[];
  readonly json?: boolean;
}

export const FILE = 'a policy, or a file of routes: config.yaml, Ingress manifests, Helm values';
export const LIST_CLAIMS = [
  '--list-claims <names>',
  'claims that may have several values, with commas; [] for none',
] as const;
export const LEAVE = ['--leave <criteria>', 'criteria that Pomerium alone decides, with commas, as source_ip'] as const;

export function optionsOf({ listClaims, leave }: CheckOptions): PolicyOptions {
  return { listClaims, leaveToPomerium: leave };
}
