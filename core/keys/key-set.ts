import { sentence } from '#sentences';
import { importVerifier } from '#signature';
import { shown } from '../errors.ts';
import { toHex } from '../hex.ts';
import { isObject, parseObject } from '../json.ts';
import { type Algorithm, algorithmOf, type PublicJwk, type VerifySignature } from '../signature/engine.ts';
import { readJwk, type SkippedKey, type UsableJwk } from './jwk.ts';

/** More keys than any rotation needs; a set of thousands would be an attack on memory and on import time. */
export const MAX_KEYS = 32;

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
    const fitting = this.keys.filter((key) => key.algorithm === algorithm);
    return fitting.length === 1 ? fitting[0] : undefined;
  }
}

/** A JWKS document read but not imported: which keys it has, and which are skipped, and why. */
export interface ReadKeySet {
  readonly usable: readonly UsableJwk[];
  readonly skipped: readonly SkippedKey[];
}

/** The document holds no key that can be used; `message` says what to do about it. */
export class UnusableKeySet extends Error {
  override readonly name = 'UnusableKeySet';
  readonly skipped: readonly SkippedKey[];

  constructor(message: string | undefined, skipped: readonly SkippedKey[] = []) {
    super(message);
    this.skipped = skipped;
  }
}

const NO_SIGNING_KEY = sentence(
  'Pomerium publishes no signing key (its JWKS is {"keys":null}). Set signing_key (SIGNING_KEY) in its configuration: the base64 of a PEM made with "openssl ecparam -genkey -name prime256v1 -noout".',
);

/** Reads a JWKS as it was fetched or stored. */
export function readKeySetText(text: string): ReadKeySet {
  return readKeySet(parseObject(text));
}

/** Reads a JWKS (RFC 7517 section 5), from whatever source. Throws `UnusableKeySet` where no key is left. */
export function readKeySet(document: unknown): ReadKeySet {
  if (!isObject(document) || !Object.hasOwn(document, 'keys')) {
    throw new UnusableKeySet(sentence('The document is not a JWKS, which is a JSON object with "keys".'));
  }
  const { keys } = document;
  if (keys === null || (Array.isArray(keys) && keys.length === 0)) throw new UnusableKeySet(NO_SIGNING_KEY);
  if (!Array.isArray(keys)) throw new UnusableKeySet(sentence('The "keys" of the JWKS are not a list.'));
  const read = readKeys(keys);
  if (read.usable.length === 0) {
    throw new UnusableKeySet(sentence(`No key of the JWKS can be used. ${reasonsOf(read.skipped)}`), read.skipped);
  }
  return read;
}

/** @__NO_SIDE_EFFECTS__ */
function reasonsOf(skipped: readonly SkippedKey[]): string {
  return skipped.map((key) => `${shown(key.keyId)}: ${key.message}`).join(' ');
}

function readKeys(keys: readonly unknown[]): ReadKeySet {
  const usable: UsableJwk[] = [];
  const skipped: SkippedKey[] = [];
  const keyIds = new Set<string>();
  for (const value of keys.slice(0, MAX_KEYS)) {
    const key = readJwk(value);
    if ('reason' in key) {
      skipped.push(key);
    } else if (key.keyId !== undefined && keyIds.has(key.keyId)) {
      skipped.push({
        reason: 'duplicate_kid',
        keyId: key.keyId,
        message: sentence('An earlier key of the set has this kid.'),
      });
    } else {
      usable.push(key);
      if (key.keyId !== undefined) keyIds.add(key.keyId);
    }
  }
  if (keys.length > MAX_KEYS) {
    const message = sentence(`Only the first ${MAX_KEYS} of ${keys.length} keys are used.`);
    skipped.push({ reason: 'too_many_keys', keyId: undefined, message });
  }
  return { usable, skipped };
}

/**
 * Makes the keys ready; those that `previous` holds already are kept as they are. A key that this runtime's engine
 * does not take is skipped. Throws `UnusableKeySet` where no key is left.
 */
export async function importKeySet(read: ReadKeySet, previous?: KeySet): Promise<ImportedKeySet> {
  const imported = await Promise.all(read.usable.map((key) => importKey(key, previous)));
  const keys = imported.filter((key) => 'verify' in key);
  const skipped = [...read.skipped, ...imported.filter((key) => 'reason' in key)];
  if (keys.length === 0) throw new UnusableKeySet(sentence('This runtime can use no key of the key set.'), skipped);
  return { keySet: new KeySet(keys), skipped };
}

export interface ImportedKeySet {
  readonly keySet: KeySet;
  readonly skipped: readonly SkippedKey[];
}

async function importKey(
  { jwk, keyId }: UsableJwk,
  previous: KeySet | undefined,
): Promise<VerificationKey | SkippedKey> {
  const algorithm = algorithmOf(jwk);
  try {
    const id = keyId ?? (await thumbprint(jwk));
    const known = previous?.find({ keyId: id, algorithm });
    if (known && isSameKey(known.jwk, jwk)) return known;
    return { keyId: id, algorithm, jwk, verify: await importVerifier(jwk) };
  } catch {
    return {
      reason: 'invalid_parameters',
      keyId,
      message: sentence(`This runtime does not take it as a key for ${algorithm}.`),
    };
  }
}

/** `readJwk` leaves just the members that make the key, always in the same order. */
function isSameKey(one: PublicJwk, other: PublicJwk): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Pomerium's key id: the SHA-256 thumbprint in lower-case hex (`pkg/cryptutil/jose.go`), over the members that make the
 * key in lexicographic order without white space (RFC 7638 section 3).
 */
export async function thumbprint(jwk: PublicJwk): Promise<string> {
  const members = Object.entries(jwk).sort(([one], [other]) => (one < other ? -1 : 1));
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(members)));
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', text)));
}
