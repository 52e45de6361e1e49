import type { PathRule } from '../../core/index.ts';

/** Of the apps to which `testTargets` sends: a public page beside one for admins. */
export const RULES: readonly PathRule[] = [
  { path: '/', access: 'public' },
  { path: '/public', access: 'public' },
  { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
  { prefix: '/', access: 'authenticated' },
];
