import { sentence } from '#sentences';
import { configurationError, PomeriumError, shown } from '../errors.ts';
import { isObject, type JsonObject, parseObject } from '../json.ts';
import { readJwk, type UsableJwk } from './jwk.ts';
import { importKeySet, type KeySet, type ReadKeySet, readKeySet, UnusableKeySet } from './key-set.ts';
import { readPem } from './pem.ts';
import { emitSkipped, requireKey } from './report.ts';
import type { KeyContext, KeySource } from './source.ts';

const MAX_MATERIAL_LENGTH = 65_536;

/**
 * Keys that are configured and never fetched: a JWK, a JWKS, a SPKI PEM, an X.509 PEM, several PEMs in one string,
 * or base64 of any of these. A key without `kid` gets Pomerium's, the hex RFC 7638 thumbprint.
 *
 * A JWKS may hold keys that are not used (an event says why) as long as one is; anything else must be usable whole.
 * There is no rotation: taking a key out needs a new deployment. Throws `invalid_configuration`.
 *
 * @example
 * staticKeys(readFileSync('ec_public.pem', 'utf8'))
 */
export function staticKeys(material: string | object): KeySource {
  const read = readMaterial(material);
  let keySet: KeySet | undefined;
  // Every request that comes before the import is done imports for itself: on Workers no request may wait for
  // another's promise, and the result is the same.
  const load = async ({ emit }: KeyContext) => {
    const imported = await importKeySet(read).catch(toPomeriumError);
    if (!keySet) emitSkipped(imported.skipped, undefined, emit);
    keySet ??= imported.keySet;
    return keySet;
  };
  return {
    find(selector, context) {
      if (keySet) return requireKey(keySet, selector);
      return load(context).then((loaded) => requireKey(loaded, selector));
    },
    async ready(context) {
      if (!keySet) await load(context);
    },
  };
}

function readMaterial(material: unknown): ReadKeySet {
  if (typeof material === 'string') return readText(material);
  if (isObject(material)) return readDocument(material);
  throw configurationError(
    'keys',
    sentence(
      'staticKeys() takes a JWK, a JWKS, a PEM or base64 of one of these. To fetch keys from Pomerium write remoteKeys(url).',
    ),
  );
}

function readText(material: string): ReadKeySet {
  // An environment variable often holds a PEM on one line, with \n written out.
  const text = material.replaceAll('\\n', '\n').trim();
  if (text.length > MAX_MATERIAL_LENGTH)
    throw configurationError('keys', sentence(`The keys are longer than ${MAX_MATERIAL_LENGTH} characters.`));
  if (text.includes('-----BEGIN')) return { usable: readPem(text).map(requireUsable), skipped: [] };
  const document = parseObject(text) ?? parseObject(decodeBase64(text) ?? '');
  if (document) return readDocument(document);
  const decoded = decodeBase64(text);
  if (decoded?.includes('-----BEGIN')) return readText(decoded);
  throw configurationError(
    'keys',
    sentence('The keys are neither PEM, nor a JWK or JWKS in JSON, nor base64 of one of these.'),
  );
}

function decodeBase64(text: string): string | undefined {
  try {
    return atob(text.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return undefined;
  }
}

function readDocument(document: JsonObject): ReadKeySet {
  if (!Object.hasOwn(document, 'keys')) return { usable: [requireUsable(document)], skipped: [] };
  try {
    return readKeySet(document);
  } catch (error) {
    if (error instanceof UnusableKeySet) throw configurationError('keys', error.message);
    throw error;
  }
}

function requireUsable(jwk: JsonObject): UsableJwk {
  const key = readJwk(jwk);
  if ('reason' in key) {
    throw new PomeriumError(
      'invalid_configuration',
      sentence(`The key ${shown(key.keyId)} cannot be used. ${key.message}`),
    );
  }
  return key;
}

function toPomeriumError(error: unknown): never {
  if (error instanceof UnusableKeySet) throw new PomeriumError('keys_unavailable', error.message);
  throw error;
}
