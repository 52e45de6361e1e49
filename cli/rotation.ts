import type { SigningKey } from '../testing/signing-key.ts';
import { UsageError } from './output.ts';

/** How far a rotation is: the new key is published behind the current one, or it signs before the old ones. */
export interface Rotation {
  readonly step: 'published' | 'signing';
  /** Of the new key. */
  readonly keyId: string;
  /** When this step was done, as ISO 8601. */
  readonly at: string;
}

/** Keys in their order: Pomerium publishes all keys of `SIGNING_KEY`, and signs with the first. */
export interface KeyRing {
  readonly keys: readonly SigningKey[];
  readonly rotation?: Rotation | undefined;
}

/**
 * Minutes after which each verifier has fetched the new key: with Pomerium's `max-age` of 60 seconds and
 * `staleWhileRevalidate` of 300, its keys are at most six minutes old. Also minutes after which no assertion of an old key is
 * valid: Pomerium signs for five, and verifiers tolerate one more.
 */
export const WAIT_MINUTES = 6;

/** Step one: the new key is published behind the others. Throws `UsageError` while another one waits there. */
export function publishNext({ keys, rotation }: KeyRing, next: SigningKey, now: Date): KeyRing {
  const isWaiting = rotation?.step === 'published' && keys.some(({ kid }) => kid === rotation.keyId);
  if (isWaiting)
    throw new UsageError(`Key ${rotation.keyId} is published already and does not sign yet; --promote makes it sign.`);
  return { keys: [...keys, next], rotation: { step: 'published', keyId: next.kid, at: now.toISOString() } };
}

/** Step two: the new key signs, and the others are still published. Throws `UsageError` before all verifiers have it. */
export function promoteNext({ keys, rotation }: KeyRing, now: Date): KeyRing {
  const next = keys.find(({ kid }) => kid === rotation?.keyId);
  if (!next || rotation?.step !== 'published')
    throw new UsageError('No key waits behind the one that signs; --rotate makes and publishes one.');
  requireWaited(rotation, now, 'A verifier that has not fetched it yet would refuse what it signs.');
  const others = keys.filter((key) => key !== next);
  return { keys: [next, ...others], rotation: { step: 'signing', keyId: next.kid, at: now.toISOString() } };
}

/** Step three: the key that signs is the only one. Throws `UsageError` while an assertion of another one may be valid. */
export function dropOld({ keys, rotation }: KeyRing, now: Date): KeyRing {
  const [current, ...old] = keys;
  if (!current || old.length === 0) throw new UsageError('There is no old key to drop.');
  if (rotation?.step === 'published')
    throw new UsageError(
      `Key ${rotation.keyId} does not sign yet; --promote makes it sign before the old one is dropped.`,
    );
  if (rotation) requireWaited(rotation, now, 'Assertions of the old key may still be valid.');
  return { keys: [current] };
}

/** When the step after this one may be done. */
export function nextStepAt({ at }: Rotation): Date {
  return new Date(Date.parse(at) + WAIT_MINUTES * 60_000);
}

function requireWaited(rotation: Rotation, now: Date, why: string): void {
  const earliest = nextStepAt(rotation);
  if (now >= earliest) return;
  const since = rotation.step === 'published' ? 'published' : 'made the one that signs';
  throw new UsageError(
    `Key ${rotation.keyId} was ${since} less than ${WAIT_MINUTES} minutes ago. ${why} Try again at ${earliest.toISOString()}.`,
  );
}
