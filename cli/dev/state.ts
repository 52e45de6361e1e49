import type { TestIssuer } from '../../testing/issuer.ts';
import type { SigningKey } from '../../testing/signing-key.ts';
import type { Identities } from './identities.ts';
import { RequestLog } from './request-log.ts';

/** Something that answers, as JSON, for whom a request is. */
export interface Service {
  readonly name: string;
  readonly url: string;
}

export interface DevStateOptions {
  readonly issuer: TestIssuer;
  /** Keeps the keys that are published, for the next start. */
  readonly keepKeys?: (keys: readonly SigningKey[]) => Promise<void>;
  /** The app's origin. */
  readonly to: string;
  /** Who can be signed in, by name. */
  readonly identities: Identities;
  /** Who is signed in where a browser has not chosen. Default: the first of `identities`. */
  readonly defaultIdentity?: string;
}

/** What the stand-in is and knows: one for all browsers. Who is signed in is of each browser alone, see session.ts. */
export interface DevState extends DevStateOptions {
  to: string;
  readonly defaultIdentity: string;
  /** What else is asked who it is, side by side. */
  services: readonly Service[];
  readonly requests: RequestLog;
}

export function createDevState(options: DevStateOptions): DevState {
  const [first = ''] = Object.keys(options.identities);
  return { defaultIdentity: first, ...options, services: [], requests: new RequestLog() };
}

/** Of keys that are published: each rotation adds one, and the kept ones would grow for ever. */
const MAX_KEYS = 4;

/** A new key signs, and the ones before it stay published, as an assertion lives for minutes. */
export async function rotate({ issuer, keepKeys }: Pick<DevState, 'issuer' | 'keepKeys'>): Promise<SigningKey> {
  const key = await issuer.rotate();
  while (issuer.keys.length > MAX_KEYS) issuer.revoke();
  await keepKeys?.(issuer.keys);
  return key;
}
