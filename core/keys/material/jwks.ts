import { signatureVerifier } from '#signature';
import { describeValue } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import { isObject, parseObject } from '../../json.ts';
import { algorithmOf, type PublicJwk } from '../../signature/algorithms.ts';
import { KeySet, type VerificationKey } from '../key-set.ts';
import { readJwk, type SkippedKey, type UsableJwk } from './jwk.ts';
import { thumbprint } from './thumbprint.ts';

/** More keys than any rotation needs; a set of thousands would be an attack on memory and on import time. */
const MAX_KEYS = 32;

/** A JWKS document read but not imported: which keys it has, and which are skipped, and why. */
export interface ReadJwks {
  readonly usable: readonly UsableJwk[];
  readonly skipped: readonly SkippedKey[];
}

/** `url`: of the key set; undefined for static keys. */
export function emitSkipped(skipped: readonly SkippedKey[], url: string | undefined, emit: Emit | undefined): void {
  for (const key of skipped) emit?.({ type: 'key_skipped', url, ...key });
}

/** The document holds no key that can be used; `message` says what to do about it. */
export class UnusableJwks extends Error {
  readonly skipped: readonly SkippedKey[];

  constructor(message: string, skipped: readonly SkippedKey[] = []) {
    super(message);
    this.skipped = skipped;
  }
}

const NO_SIGNING_KEY =
  'Pomerium publishes no signing key. Set its signing_key (SIGNING_KEY) to the base64 of a PEM made with "openssl ecparam -genkey -name prime256v1 -noout".';

/** Reads a JWKS as it was fetched or stored. Throws `UnusableJwks`. */
export function readJwksText(text: string): ReadJwks {
  return readJwks(parseObject(text));
}

/** Reads a JWKS (RFC 7517 section 5), from whatever source. Throws `UnusableJwks` where no key is left. */
export function readJwks(document: unknown): ReadJwks {
  if (!isObject(document) || !Object.hasOwn(document, 'keys')) {
    throw new UnusableJwks('The document is not a JWKS, which is a JSON object with "keys".');
  }
  const { keys } = document;
  if (keys === null || (Array.isArray(keys) && keys.length === 0)) throw new UnusableJwks(NO_SIGNING_KEY);
  if (!Array.isArray(keys)) throw new UnusableJwks('The "keys" of the JWKS are not a list.');
  const read = readKeys(keys);
  if (read.usable.length === 0) {
    const reasons = read.skipped.map(describeSkipped).join(' ');
    throw new UnusableJwks(`No key of the JWKS can be used. ${reasons}`, read.skipped);
  }
  return read;
}

/** Why it is skipped, with its id where it has one. */
export function describeSkipped({ keyId, message }: SkippedKey): string {
  return keyId === undefined ? message : `${describeValue(keyId)}: ${message}`;
}

function readKeys(keys: readonly unknown[]): ReadJwks {
  const usable: UsableJwk[] = [];
  const skipped: SkippedKey[] = [];
  const keyIds = new Set<string | undefined>();
  for (const value of keys.slice(0, MAX_KEYS)) {
    const key = readJwk(value);
    if (key.skipped) {
      skipped.push(key.skipped);
      continue;
    }
    const { keyId } = key.usable;
    if (keyId !== undefined && keyIds.has(keyId)) {
      skipped.push({ reason: 'duplicate_kid', keyId, message: 'An earlier key of the set has this kid.' });
      continue;
    }
    usable.push(key.usable);
    keyIds.add(keyId);
  }
  if (keys.length > MAX_KEYS) {
    const message = `Only the first ${MAX_KEYS} of ${keys.length} keys are used.`;
    skipped.push({ reason: 'too_many_keys', keyId: undefined, message });
  }
  return { usable, skipped };
}

export interface ImportedJwks {
  readonly keySet: KeySet;
  readonly skipped: readonly SkippedKey[];
}

/**
 * Makes the keys ready; those that `previous` holds already are kept as they are. A key that this runtime's engine
 * does not take is skipped. Throws `UnusableJwks` where no key is left.
 */
export async function importJwks(read: ReadJwks, previous?: KeySet): Promise<ImportedJwks> {
  const imported = await Promise.all(read.usable.map((key) => importKey(key, previous)));
  const keys = imported.flatMap(({ key }) => key ?? []);
  const skipped = [...read.skipped, ...imported.flatMap((result) => result.skipped ?? [])];
  if (keys.length === 0) throw new UnusableJwks('This runtime can use no key of the key set.', skipped);
  return { keySet: new KeySet(keys), skipped };
}

type ImportResult =
  | { readonly key: VerificationKey; readonly skipped?: undefined }
  | { readonly key?: undefined; readonly skipped: SkippedKey };

async function importKey({ jwk, keyId }: UsableJwk, previous: KeySet | undefined): Promise<ImportResult> {
  const algorithm = algorithmOf(jwk);
  try {
    const id = keyId ?? (await thumbprint(jwk));
    const known = previous?.find({ keyId: id, algorithm });
    if (known && isSameKey(known.jwk, jwk)) return { key: known };
    return { key: { keyId: id, algorithm, jwk, verify: await signatureVerifier(jwk) } };
  } catch {
    const message = `This runtime does not take it as a key for ${algorithm}.`;
    return { skipped: { reason: 'invalid_parameters', keyId, message } };
  }
}

/** `readJwk` leaves just the members that make the key, always in the same order. */
function isSameKey(one: PublicJwk, other: PublicJwk): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
