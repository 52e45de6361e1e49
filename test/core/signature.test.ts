import { assert, describe, test } from 'vitest';
import { signatureVerifier } from '#signature';
import { type KeyContext, type KeySelector, staticKeys, type VerificationKey } from '../../core/index.ts';
import type { PublicJwk } from '../../core/signature/algorithms.ts';
import { toDer } from '../support/der.ts';
import { fromBase64url, makeKey, sign, toBase64url } from '../support/issuer.ts';
import { makeRig } from '../support/verifying.ts';
import rsa8192 from '../vectors/rsa-8192.json' with { type: 'json' };
import wycheproof from '../vectors/wycheproof_ecdsa_p256_sha256_p1363.json' with { type: 'json' };

const keys = [await makeKey('ES256'), await makeKey('RS256'), await makeKey('EdDSA')];

const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
const fromHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

describe('threat: empty or odd signatures', () => {
  for (const key of keys) {
    const mutations: [string, (signature: Uint8Array<ArrayBuffer>) => Uint8Array][] = [
      ['empty', () => new Uint8Array(0)],
      ['one byte short', (signature) => signature.subarray(0, -1)],
      ['one byte long', (signature) => new Uint8Array([...signature, 0])],
      ['with a zero in front', (signature) => new Uint8Array([0, ...signature])],
      ['all zero (CVE-2022-21449)', (signature) => new Uint8Array(signature.length)],
      ['all ones', (signature) => new Uint8Array(signature.length).fill(255)],
      ['half', (signature) => signature.subarray(0, signature.length / 2)],
      ['twice', (signature) => new Uint8Array([...signature, ...signature])],
      ['reversed', (signature) => signature.slice().reverse()],
      ['with a bit turned', (signature) => signature.map((byte, i) => (i === 7 ? byte ^ 1 : byte))],
    ];
    if (key.algorithm === 'ES256') {
      mutations.push(
        ['DER-encoded', toDer],
        ['with r = 0', (signature) => new Uint8Array([...new Uint8Array(32), ...signature.subarray(32)])],
        ['with s = 0', (signature) => new Uint8Array([...signature.subarray(0, 32), ...new Uint8Array(32)])],
        // The same two numbers: a signature has one spelling.
        [
          'with a zero before s',
          (signature) => new Uint8Array([...signature.subarray(0, 32), 0, ...signature.subarray(32)]),
        ],
        ['with r = s = n', () => fromHex(ORDER + ORDER)],
        ['with s = n', (signature) => new Uint8Array([...signature.subarray(0, 32), ...fromHex(ORDER)])],
      );
    }
    for (const [name, mutate] of mutations) {
      test(`${key.algorithm}: a signature that is ${name} → invalid_signature`, async () => {
        const token = await sign(key);
        const dot = token.lastIndexOf('.') + 1;
        const mutated = token.slice(0, dot) + toBase64url(mutate(fromBase64url(token.slice(dot))));
        const rig = makeRig(key, { algorithms: [key.algorithm] });
        assert.equal(await rig.codeOf(mutated), 'invalid_signature');
        assert.equal(await rig.codeOf(token), 'valid');
      });
    }
  }
});

describe('a signature check that does not answer true is a refusal', () => {
  const answers: [string, unknown, string][] = [
    ['true', true, 'valid'],
    ['a promise of true', Promise.resolve(true), 'valid'],
    ['false', false, 'invalid_signature'],
    ['a promise of false', Promise.resolve(false), 'invalid_signature'],
    ['a promise of false that is a function, as Workers RPC makes it', rpcPromise(false), 'invalid_signature'],
    ['a promise of true that is a function', rpcPromise(true), 'valid'],
    ['a promise of text', Promise.resolve('no'), 'invalid_signature'],
    ['a number', 1, 'invalid_signature'],
    ['an object', {}, 'invalid_signature'],
    ['nothing', undefined, 'invalid_signature'],
    ['null', null, 'invalid_signature'],
  ];
  for (const [name, answer, code] of answers) {
    test(`${name} → ${code}`, async () => {
      const [key] = keys;
      if (!key) throw new Error('no key');
      const source = staticKeys(key.publicJwk);
      const find = async (selector: KeySelector, context: KeyContext) =>
        ({ ...(await source.find(selector, context)), verify: () => answer }) as VerificationKey;
      const rig = makeRig({ find, ready: async () => {} });
      assert.equal(await rig.codeOf(await sign(key)), code as never);
    });
  }
});

test('threat: a symmetric key is taken by no engine', async () => {
  const jwk = { kty: 'oct', k: toBase64url(new Uint8Array(32)) } as unknown as PublicJwk;
  const error = await (async () => signatureVerifier(jwk))().catch((reason: unknown) => reason);
  assert.instanceOf(error, Error);
});

// Deno imports it, but cannot check by it.
const takesRsa8192 = !('Deno' in globalThis);
test(`an RSA key of 8192 bits is ${takesRsa8192 ? 'taken' : 'refused'}`, async () => {
  const { jwk, input, signature } = rsa8192;
  const verify = await (async () => signatureVerifier(jwk as PublicJwk))().catch(() => undefined);
  assert.equal(verify !== undefined, takesRsa8192);
  if (!verify) return;
  assert.isTrue(await verify(signature, input));
  assert.isFalse(await verify(signature, `${input}c`));
});

function rpcPromise(value: unknown): unknown {
  return Object.defineProperty(() => {}, 'then', { value: (resolve: (value: unknown) => void) => resolve(value) });
}

// Every vector applies: all are P-256 with SHA-256 in the form of R || S over ASCII text, as a JWS is, and our length
// check is part of the engine.
describe('Wycheproof: ECDSA P-256, SHA-256, P1363', () => {
  for (const group of wycheproof.testGroups) {
    for (const { tcId, comment, msg, sig, result } of group.tests) {
      test(`${tcId}: ${comment || 'no comment'} → ${result}`, async () => {
        const verify = await signatureVerifier(publicJwk(group));
        assert.equal(await verify(toBase64url(fromHex(sig)), asciiOf(msg)), result === 'valid');
      });
    }
  }

  test('all 262 vectors are run', () => {
    assert.equal(wycheproof.testGroups.flatMap(({ tests }) => tests).length, 262);
  });
});

/** A JWS is over ASCII; a message that is not would be another test. */
function asciiOf(hex: string): string {
  const bytes = fromHex(hex);
  assert.isTrue(bytes.every((byte) => byte < 0x80));
  return String.fromCharCode(...bytes);
}

function publicJwk({ publicKey }: { publicKey: { wx: string; wy: string } }): PublicJwk {
  const coordinate = (hex: string) => toBase64url(fromHex(hex.slice(-64).padStart(64, '0')));
  return { kty: 'EC', crv: 'P-256', x: coordinate(publicKey.wx), y: coordinate(publicKey.wy) };
}
