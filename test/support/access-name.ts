import type { PathRules } from '../../core/gate/rules.ts';
import { compilePolicy } from '../../core/index.ts';

/** Somebody without a group. */
export const IDENTITY = {
  subject: 'u-1',
  user: 'u-1',
  groups: [],
  issuer: 'app.example',
  audience: ['app.example'],
  issuedAt: 0,
  expiresAt: 1,
  claims: {},
};

export const admins = compilePolicy({ allow: { or: [{ groups: 'admins' }] } });
export const staff = compilePolicy({ allow: { or: [{ groups: 'staff' }] } });

/** Each access and the people who then may see a path, of these: who is nobody, who has no group, one of them, or both. */
export const PEOPLE = {
  public: ['anonymous', 'neither', 'admin', 'staff', 'both'],
  authenticated: ['neither', 'admin', 'staff', 'both'],
  admins: ['admin', 'both'],
  staff: ['staff', 'both'],
  'admins and staff': ['both'],
  nobody: [],
} as const;

export type AccessName = keyof typeof PEOPLE;

/** The name of an access whose policies are those above, by what they decide. */
export function accessName(access: ReturnType<PathRules['accessTo']>): AccessName {
  if (typeof access === 'string') return access;
  const allows = (...groups: string[]) => access.decide({ identity: { ...IDENTITY, groups } }).allowed;
  if (allows('admins')) return 'admins';
  if (allows('staff')) return 'staff';
  return allows('admins', 'staff') ? 'admins and staff' : 'nobody';
}
