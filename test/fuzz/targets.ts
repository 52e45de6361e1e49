import { headerTarget } from './headers.ts';
import { lambdaTarget } from './lambda-events.ts';
import { materialTarget } from './material.ts';
import { originTarget } from './origins.ts';
import { pathTarget } from './paths.ts';
import { policyTarget } from './policies.ts';
import { regexTarget } from './regexes.ts';
import { configurationTarget, rewriteTarget, routeTarget } from './routes.ts';
import type { Target } from './target.ts';
import { tokenTarget } from './tokens.ts';

export const TARGETS: readonly Target[] = [
  tokenTarget,
  materialTarget,
  originTarget,
  pathTarget,
  headerTarget,
  lambdaTarget,
  policyTarget,
  routeTarget,
  rewriteTarget,
  configurationTarget,
  regexTarget,
];
