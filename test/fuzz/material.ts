// @peculiar/x509 wants it loaded first.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { assert } from 'chai';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, importJWK, importSPKI, importX509, type JWK } from 'jose';
import { type KeySource, PomeriumError, staticKeys } from '../../core/index.ts';
import { makeKey } from '../support/issuer.ts';
import { change, changed } from './odd-json.ts';
import { defineTarget } from './target.ts';

const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const;

interface KeyTexts {
  readonly spki: string;
  readonly certificate: string | undefined;
  readonly jwk: object;
}

x509.cryptoProvider.set(webcrypto as Crypto);

/** As in Pomerium's example: self-signed, of no meaning. */
async function certificateOf({ privateKey, publicKey }: CryptoKeyPair): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=unused',
    keys: { privateKey, publicKey },
    signingAlgorithm: { ...privateKey.algorithm, hash: 'SHA-256' },
  });
  return certificate.toString('pem');
}

async function usableKey(algorithm: (typeof ALGORITHMS)[number]): Promise<KeyTexts> {
  const { spki, publicJwk, privateKey } = await makeKey(algorithm, algorithm === 'RS256' ? undefined : 'fuzz');
  const publicKey = (await importSPKI(spki, algorithm, { extractable: true })) as CryptoKey;
  return { spki, jwk: publicJwk, certificate: await certificateOf({ privateKey: privateKey as CryptoKey, publicKey }) };
}

async function otherKey(algorithm: string): Promise<KeyTexts> {
  const { publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const der = Buffer.from(await webcrypto.subtle.exportKey('spki', publicKey as CryptoKey)).toString('base64');
  return { spki: pem('PUBLIC KEY', der), jwk: await exportJWK(publicKey), certificate: undefined };
}

function pem(label: string, base64: string, width = 64): string {
  const lines = base64.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

const KEYS = {
  ES256: await usableKey('ES256'),
  RS256: await usableKey('RS256'),
  EdDSA: await usableKey('EdDSA'),
  ES384: await otherKey('ES384'),
  X25519: await otherKey('ECDH-ES+A256KW'),
} as const;

/** A change to the bytes within a PEM block, or to how they are written. */
const pemChange = fc.oneof(
  fc.record({ kind: fc.constantFrom('byte' as const, 'cut' as const), at: fc.nat(), byte: fc.nat(255) }),
  fc.record({
    kind: fc.constant('label' as const),
    label: fc.constantFrom(
      'PRIVATE KEY',
      'EC PRIVATE KEY',
      'RSA PUBLIC KEY',
      'EC PARAMETERS',
      'CERTIFICATE',
      'PUBLIC KEY',
      'X',
      '',
    ),
  }),
  fc.record({ kind: fc.constant('width' as const), width: fc.constantFrom(1, 63, 76, 10_000) }),
  fc.record({
    kind: fc.constant('text' as const),
    at: fc.nat(),
    text: fc.constantFrom('-', '=', '*', '\r', ' ', '\\n', '-----', 'é', '\0'),
  }),
);
const jwkExtra = fc.dictionary(
  fc.constantFrom('use', 'key_ops', 'alg', 'kid', 'd', 'k', 'x5c', 'e', 'ext', 'crv', 'kty'),
  fc.constantFrom<unknown>(
    'sig',
    'enc',
    ['verify'],
    ['sign'],
    'ES256',
    'RS256',
    'EdDSA',
    'HS256',
    'AQ',
    'AQAB',
    'Aw',
    'AA',
    '',
    null,
    7,
    'P-256',
    'EC',
    'oct',
  ),
  { maxKeys: 2 },
);
const keyName = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('ES256' as const, 'RS256' as const, 'EdDSA' as const) },
  { weight: 1, arbitrary: fc.constantFrom('ES384' as const, 'X25519' as const) },
);
const often = <T>(list: fc.Arbitrary<T[]>) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant<T[]>([]) }, { weight: 1, arbitrary: list });
const pems = fc.record({
  form: fc.constant('pem' as const),
  blocks: fc.array(
    fc.record({
      key: keyName,
      isCertificate: fc.boolean(),
      changes: often(fc.array(pemChange, { minLength: 1, maxLength: 2 })),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});
const jwks = fc.record({
  form: fc.constantFrom('jwk' as const, 'jwks' as const),
  keys: fc.array(fc.record({ key: keyName, extra: fc.oneof(fc.constant({}), jwkExtra) }), {
    minLength: 1,
    maxLength: 3,
  }),
  changes: often(fc.array(change, { minLength: 1, maxLength: 2 })),
});
const layer = fc.constantFrom(
  'base64',
  'base64url',
  'lines',
  'escaped',
  'crlf',
  'around',
  'cut',
  'junk',
  'twice',
  'as object',
);
const material = fc.record({
  content: fc.oneof(pems, jwks),
  layers: often(fc.array(layer, { minLength: 1, maxLength: 3 })),
});
type Input = typeof material extends fc.Arbitrary<infer T> ? T : never;
type PemInput = Extract<Input['content'], { form: 'pem' }>;

/** The text of one block, and the key that it is of. */
function blockText({ key, isCertificate, changes }: PemInput['blocks'][number]): string {
  const { spki, certificate } = KEYS[key];
  let text = (isCertificate ? certificate : undefined) ?? spki;
  for (const one of changes) {
    const label = /BEGIN ([^-]*)/.exec(text)?.[1] ?? '';
    const base64 = text.replace(/-----[^-]*-----|\s/g, '');
    if (one.kind === 'label') text = text.replaceAll(label || 'PUBLIC KEY', one.label);
    else if (one.kind === 'width') text = pem(label, base64, one.width);
    else if (one.kind === 'text')
      text = text.slice(0, one.at % text.length) + one.text + text.slice(one.at % text.length);
    else {
      const bytes = Buffer.from(base64, 'base64');
      if (bytes.length === 0) continue;
      const at = one.at % bytes.length;
      if (one.kind === 'byte') bytes[at] = one.byte;
      text = pem(label, (one.kind === 'cut' ? bytes.subarray(0, at) : bytes).toString('base64'));
    }
  }
  return text;
}

function documentOf({ form, keys, changes }: Extract<Input['content'], { form: 'jwk' | 'jwks' }>): unknown {
  const all = keys.map(({ key, extra }) => ({ ...KEYS[key].jwk, ...extra }));
  return changed(form === 'jwks' ? { keys: all } : all[0], changes);
}

function wrap(text: string, kind: Input['layers'][number]): string {
  const base64 = Buffer.from(text).toString('base64');
  switch (kind) {
    case 'base64':
      return base64;
    case 'base64url':
      return Buffer.from(text).toString('base64url');
    case 'lines':
      return base64.replace(/.{76}/g, '$&\r\n');
    case 'escaped':
      return text.replaceAll('\n', '\\n');
    case 'crlf':
      return text.replaceAll('\n', '\r\n');
    case 'around':
      return `\n\t ${text} \n`;
    case 'cut':
      return text.slice(0, Math.floor(text.length * 0.7));
    case 'junk':
      return `Bag Attributes\n${text}\n# end`;
    case 'twice':
      return text + text;
    default:
      return text;
  }
}

/** What jose reads in it, by the members that make a key. */
async function josesKeys(input: Input['content']): Promise<Set<string>> {
  const found: string[] = [];
  const attempt = async (read: () => Promise<unknown>) => {
    try {
      found.push(nameOf(await exportJWK((await read()) as CryptoKey)));
    } catch {
      // Not a key for this algorithm.
    }
  };
  if (input.form === 'pem') {
    for (const text of input.blocks.map(blockText).map(blockIn)) {
      for (const algorithm of ALGORITHMS) {
        await attempt(() => importSPKI(text, algorithm, { extractable: true }));
        await attempt(() => importX509(text, algorithm, { extractable: true }));
      }
    }
  } else {
    const document = documentOf(input) as { keys?: unknown } | null;
    const keys = Array.isArray(document?.keys) ? document.keys : [document];
    for (const key of keys) {
      for (const algorithm of ALGORITHMS) await attempt(() => importJWK({ ...key, ext: true } as JWK, algorithm));
    }
  }
  return new Set(found);
}

/** What stands around a block is of no meaning (RFC 7468 section 2), but jose wants nothing there. */
function blockIn(text: string): string {
  return /-----BEGIN.*-----END [^-]*-----/s.exec(text.replaceAll('\\n', '\n'))?.[0] ?? '';
}

function nameOf({ kty, crv, x, y, n, e }: JWK): string {
  return JSON.stringify({ kty, crv, x, y, n, e });
}

/** The keys of a source that can be told apart by their algorithm alone; undefined where it has several for one. */
async function keysOf(source: KeySource): Promise<string[]> {
  const context = { now: 0, emit: undefined };
  await source.ready(context as never);
  const keys: string[] = [];
  for (const algorithm of ALGORITHMS) {
    const key = await refusable(async () => source.find({ algorithm, keyId: undefined }, context as never));
    if (key) keys.push(nameOf(key.jwk as JWK));
  }
  return keys;
}

async function refusable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PomeriumError) return undefined;
    throw error;
  }
}

type Read = (material: string | object) => KeySource;

/** What is configured is refused with a reason, or read as jose reads it. */
export const materialTarget = defineTarget<Input, Read>({
  name: 'material',
  inputs: material,
  subject: staticKeys,
  broken: {
    'that reads the first good key that it knows instead': (given) => {
      try {
        return staticKeys(given);
      } catch {
        return staticKeys(KEYS.ES256.jwk);
      }
    },
    'that trips over what it cannot read': (given) => {
      try {
        return staticKeys(given);
      } catch {
        throw new TypeError('Cannot read properties of undefined');
      }
    },
    'that takes no certificate': (given) =>
      staticKeys(typeof given === 'string' ? given.replaceAll('CERTIFICATE', 'X509 CRL') : given),
  },
  async check(input, read, count) {
    const { content, layers } = input;
    const texts = content.form === 'pem' ? content.blocks.map(blockText).join('') : JSON.stringify(documentOf(content));
    const isObject = layers.includes('as object') && content.form !== 'pem';
    const given = isObject ? (documentOf(content) as object) : layers.reduce(wrap, texts ?? '');
    const keys = await refusable(async () => keysOf(read(given)));
    const expected = await josesKeys(content);
    if (keys) {
      for (const key of keys) assert.isTrue(expected.has(key), `jose does not read ${key}`);
      count('accepted');
      return;
    }
    count(expected.size > 0 ? 'by jose alone' : 'refused by both');
    const isGood =
      layers.every((one) => ['base64', 'base64url', 'crlf', 'around', 'as object'].includes(one)) &&
      layers.filter((one) => one.startsWith('base64')).length < 2 &&
      (content.form === 'pem'
        ? content.blocks.every(({ key, changes }) => KEYS[key].certificate && changes.length === 0)
        : content.changes.length === 0 &&
          content.keys.every(({ key, extra }) => KEYS[key].certificate && Object.keys(extra).length === 0));
    assert.isFalse(isGood, 'a good one is refused');
  },
  runs: 1_500,
  seen: { accepted: 0.1, 'by jose alone': 0.05, 'refused by both': 0.02 },
});
