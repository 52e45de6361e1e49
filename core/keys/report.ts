import { sentence } from '#sentences';
import { PomeriumError, shown } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { SkippedKey } from './jwk.ts';
import type { KeySelector, KeySet, VerificationKey } from './key-set.ts';

/** The key that the token asks for, or `unknown_key`. */
export function requireKey(keySet: KeySet, selector: KeySelector): VerificationKey {
  const key = keySet.find(selector);
  if (key) return key;
  const { keyId, algorithm } = selector;
  throw new PomeriumError(
    'unknown_key',
    sentence(
      keyId === undefined
        ? `The assertion names no key, and not exactly one key of the set is for ${algorithm}.`
        : 'The assertion names a key that the key set does not hold: another Pomerium signed it, or its key was taken away.',
    ),
    { expected: keySet.keyIds.map(shown).join(' or '), received: shown(keyId) },
  );
}

export function emitSkipped(skipped: readonly SkippedKey[], url: string | undefined, emit: Emit | undefined): void {
  if (!emit) return;
  for (const key of skipped) emit({ type: 'key_skipped', url, ...key, message: key.message ?? key.reason });
}
