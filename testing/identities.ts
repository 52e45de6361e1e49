import type { Members } from './assertion.ts';

/**
 * What Pomerium says of somebody (`getJWTPayload`); everything else in the claims is about the token. The names are those of
 * Pomerium's own tests.
 */
export const IDENTITIES = {
  user: {
    email: 'alice@example.com',
    groups: ['g1', 'g2', 'engineering', 'on-call'],
    name: 'Alice Liddell',
    sid: 's-alice',
    sub: 'u-alice',
    user: 'u-alice',
  },
  serviceAccount: {
    email: 'bot@example.com',
    groups: [],
    name: '',
    sid: 'sa-1',
    sub: 'bot@example.com',
    user: 'bot@example.com',
  },
  /** A route with `allow_public_unauthenticated_access`: nobody is signed in, and the assertion is signed all the same. */
  anonymous: { email: '', groups: [], name: '', sid: '', sub: '', user: '' },
} as const satisfies Record<string, Members>;

/** A user in so many groups: ids, then names, as Pomerium lists them. */
export function userInGroups(count: number): Members {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const groups = [...numbers.map((i) => `group-id-${i}`), ...numbers.map((i) => `Group Number ${i}`)];
  return { ...IDENTITIES.user, groups };
}
