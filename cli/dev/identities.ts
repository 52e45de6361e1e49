import type { Members } from '../../testing/assertion.ts';
import { IDENTITIES, userInGroups } from '../../testing/identities.ts';
import type { TestIssuer } from '../../testing/issuer.ts';

/** Who can be signed in: claims by name. */
export type Identities = Readonly<Record<string, Members>>;

export const DEFAULT_IDENTITIES: Identities = {
  'Alice, a user': IDENTITIES.user,
  'Bob, another user': {
    ...IDENTITIES.user,
    email: 'bob@example.com',
    groups: ['admins'],
    name: 'Bob Dodgson',
    sid: 's-bob',
    sub: 'u-bob',
    user: 'u-bob',
  },
  'Alice, in 200 groups': userInGroups(200),
  'A service account': IDENTITIES.serviceAccount,
  'Nobody (a public route)': IDENTITIES.anonymous,
};

/**
 * The name that is meant by `text`: a name, else the first one that begins with it, or whose e-mail address it is; capitals
 * make no difference.
 */
export function findIdentity(identities: Identities, text: string): string | undefined {
  if (Object.hasOwn(identities, text)) return text;
  const wanted = text.toLowerCase();
  if (wanted === '') return undefined;
  return Object.entries(identities).find(
    ([name, { email }]) => name.toLowerCase().startsWith(wanted) || String(email).toLowerCase() === wanted,
  )?.[0];
}

/** An assertion for whoever has this name. */
export function signFor(
  name: string,
  { issuer, identities }: { readonly issuer: TestIssuer; readonly identities: Identities },
): Promise<string> {
  return issuer.sign(claimsOf(name, identities));
}

/** The claims of whoever has this name. One that Pomerium always writes is empty where the identity has none. */
export function claimsOf(name: string, identities: Identities): Members {
  const claims = identities[name] ?? {};
  return { ...IDENTITIES.anonymous, user: claims['sub'] ?? '', ...claims };
}
