import type { Members } from '../../testing/assertion.ts';
import { IDENTITIES, userInGroups } from '../../testing/identities.ts';
import type { TestIssuer } from '../../testing/issuer.ts';
import type { SigningKey } from '../../testing/signing-key.ts';

/** A request that went through the stand-in. */
export interface ProxiedRequest {
  readonly at: Date;
  readonly method: string;
  readonly path: string;
  readonly identity: string;
  /** Undefined while the app has not answered, and where it did not. */
  status: number | undefined;
  /** Why the app did not answer. */
  failure?: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** Something that answers, as JSON, for whom a request is. */
export interface Service {
  readonly name: string;
  readonly url: string;
}

/** What the stand-in is and knows: one for all who use it. */
export interface DevState {
  readonly issuer: TestIssuer;
  /** Keeps the keys that are published, for the next start. */
  readonly keepKeys?: (keys: readonly SigningKey[]) => Promise<void>;
  /** The app's origin. */
  to: string;
  /** Who can be signed in, by name. */
  readonly identities: Readonly<Record<string, Members>>;
  /** Who is. */
  current: string;
  /** What else is asked who it is, side by side. */
  services: readonly Service[];
  /** The last ones first. */
  readonly requests: ProxiedRequest[];
}

export const DEFAULT_IDENTITIES: DevState['identities'] = {
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

const MAX_REQUESTS = 20;

export function remember(state: DevState, request: ProxiedRequest): void {
  state.requests.unshift(request);
  state.requests.length = Math.min(state.requests.length, MAX_REQUESTS);
}

/** Of keys that are published: each rotation adds one, and the kept ones would grow for ever. */
const MAX_KEYS = 4;

/** A new key signs, and the ones before it stay published, as an assertion lives for minutes. */
export async function rotate({ issuer, keepKeys }: DevState): Promise<SigningKey> {
  const key = await issuer.rotate();
  while (issuer.keys.length > MAX_KEYS) issuer.revoke();
  await keepKeys?.(issuer.keys);
  return key;
}

/** An assertion for whoever is signed in now. */
export function signForCurrent({ issuer, identities, current }: DevState): Promise<string> {
  return issuer.sign(identities[current] ?? IDENTITIES.anonymous);
}
