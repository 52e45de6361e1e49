import { configurationError, type PomeriumError } from '../../errors.ts';
import { isObject, type JsonObject, parseObject } from '../../json.ts';
import type { KeySet } from '../key-set.ts';
import type { KeyContext, KeySource } from '../source.ts';
import { readJwk, type UsableJwk } from './jwk.ts';
import { describeSkipped, emitSkipped, importJwks, type ReadJwks, readJwks, UnusableJwks } from './jwks.ts';
import { readPemBlock, splitPem } from './pem.ts';

const MAX_MATERIAL_LENGTH = 65_536;

/**
 * Keys that are configured and never fetched: a JWK, a JWKS, a SPKI PEM, an X.509 PEM, several PEMs in one string,
 * or base64 of any of these. A key without `kid` gets Pomerium's, the hex RFC 7638 thumbprint.
 *
 * A JWKS may hold keys that are not used (a `key_skipped` event says why) as long as one is; anything else must be usable
 * whole. There is no rotation: to remove a key, deploy again.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, except for what is inside a PEM block: an engine reads that
 * asynchronously, so a damaged or unsuitable key there rejects `ready()` and every verification.
 *
 * @example
 * ```ts
 * const keys = staticKeys(readFileSync('ec_public.pem', 'utf8'))
 * ```
 */
export function staticKeys(material: string | object): KeySource {
  const read = readMaterial(material);
  let keySet: KeySet | undefined;
  // Every request that comes before the import is done imports for itself: on Workers no request may wait for
  // another's promise, and the result is the same.
  const load = async ({ emit }: KeyContext) => {
    const imported = await importJwks(await read()).catch(toConfigurationError);
    if (!keySet) emitSkipped(imported.skipped, undefined, emit);
    keySet ??= imported.keySet;
    return keySet;
  };
  return {
    find(selector, context) {
      if (keySet) return keySet.require(selector);
      return load(context).then((loaded) => loaded.require(selector));
    },
    async ready(context) {
      if (!keySet) await load(context);
    },
    peek: (selector) => keySet?.find(selector),
  };
}

type ReadKeys = () => ReadJwks | Promise<ReadJwks>;

/** All that can be told without an engine is judged now; the rest when the result is called. */
function readMaterial(material: unknown): ReadKeys {
  if (typeof material === 'string') return readText(material);
  if (isObject(material)) return readDocument(material);
  throw noKeys();
}

function readText(text: string): ReadKeys {
  if (text.length > MAX_MATERIAL_LENGTH) {
    throw configurationError(`The keys are longer than ${MAX_MATERIAL_LENGTH} characters.`);
  }
  // An editor may have written a byte order mark in front, which is white space for it.
  const trimmed = text.trim();
  // An environment variable often holds a PEM on one line, with \n written out. Not read anew: what is left may hold more of them.
  const joined = trimmed.replaceAll('\\n', '\n');
  // First, since a JWK may have a PEM among its members.
  const document = parseObject(trimmed) ?? parseObject(joined);
  if (document) return readDocument(document);
  if (joined.includes('-----BEGIN')) {
    const blocks = splitPem(joined);
    return async () => {
      const jwks = await Promise.all(blocks.map(readPemBlock));
      return { usable: jwks.map(requireUsable), skipped: [] };
    };
  }
  const decoded = decodeBase64(joined);
  if (decoded !== '') return readText(decoded);
  throw noKeys();
}

function noKeys(): PomeriumError {
  return configurationError(
    'The keys are neither PEM, nor a JWK or JWKS in JSON, nor base64 of one of these; to fetch them write remoteKeys(url), or set POMERIUM_JWKS_URL.',
  );
}

/** Either alphabet, with or without padding and line ends: what people paste. Empty where it is neither. */
function decodeBase64(text: string): string {
  try {
    return atob(text.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return '';
  }
}

function readDocument(document: JsonObject): ReadKeys {
  const read = Object.hasOwn(document, 'keys')
    ? readConfiguredJwks(document)
    : { usable: [requireUsable(document)], skipped: [] };
  return () => read;
}

function readConfiguredJwks(document: JsonObject): ReadJwks {
  try {
    return readJwks(document);
  } catch (error) {
    return toConfigurationError(error);
  }
}

function requireUsable(jwk: JsonObject): UsableJwk {
  const { usable, skipped } = readJwk(jwk);
  if (usable) return usable;
  throw configurationError(`A key cannot be used. ${describeSkipped(skipped)}`);
}

function toConfigurationError(error: unknown): never {
  throw error instanceof UnusableJwks ? configurationError(error.message) : error;
}
