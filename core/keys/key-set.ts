import { describeValue, PomeriumError } from '../errors.ts';
import type { Algorithm, PublicJwk, VerifySignature } from '../signature/algorithms.ts';

/** A key that is ready to verify. The same key of two key sets is the same object. */
export interface VerificationKey {
  readonly keyId: string;
  readonly algorithm: Algorithm;
  readonly jwk: PublicJwk;
  readonly verify: VerifySignature;
}

/** Which key a token asks for. */
export interface KeySelector {
  readonly algorithm: string;
  readonly keyId: string | undefined;
}

/** The keys that one configured source holds at one time. Immutable: a refresh replaces it whole. */
export class KeySet {
  readonly #keys: ReadonlyMap<string, VerificationKey>;

  constructor(keys: readonly VerificationKey[]) {
    this.#keys = new Map(keys.map((key) => [key.keyId, key]));
  }

  get keyIds(): readonly string[] {
    return [...this.#keys.keys()];
  }

  get keys(): readonly VerificationKey[] {
    return [...this.#keys.values()];
  }

  /** The key with this id; without an id, the only key for this algorithm, if there is just one. */
  find({ keyId, algorithm }: KeySelector): VerificationKey | undefined {
    if (keyId !== undefined) return this.#keys.get(keyId);
    const candidates = this.keys.filter((key) => key.algorithm === algorithm);
    return candidates.length === 1 ? candidates[0] : undefined;
  }

  /** The same, or `unknown_key`. */
  require(selector: KeySelector): VerificationKey {
    const key = this.find(selector);
    if (key) return key;
    const { keyId, algorithm } = selector;
    throw new PomeriumError(
      'unknown_key',
      keyId === undefined
        ? `The assertion names no key, and not exactly one key of the set is for ${describeValue(algorithm)}.`
        : 'The assertion names a key that the key set does not hold: another Pomerium signed it, or the key was removed.',
      { expected: this.keyIds.map(describeValue).join(' or '), received: describeValue(keyId) },
    );
  }
}
