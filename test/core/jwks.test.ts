import { assert, describe, test } from 'vitest';
import { createVerifier, remoteKeys, type SkipReason, staticKeys } from '../../core/index.ts';
import { readJwk } from '../../core/keys/material/jwk.ts';
import { readJwks, UnusableJwks } from '../../core/keys/material/jwks.ts';
import { HOST, jwks, makeKey, NOW, sign, type TestKey, toBase64url } from '../support/issuer.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();
const rs256 = await makeKey('RS256');
const eddsa = await makeKey('EdDSA');
const token = await sign(key);

const EC = other.publicJwk;
const RSA = rs256.publicJwk;
const ED = eddsa.publicJwk;
const { x, y } = EC as { x: string; y: string };

/** A modulus of so many bytes, all of whose bits are set. */
const modulus = (bytes: number) => toBase64url(new Uint8Array(bytes).fill(0xff));

/** The points of P-256 with x = 5 and with y = 5, and that coordinate with the prime added, which still is 32 bytes. */
const X_IS_5 = { x: `${'A'.repeat(42)}U`, y: 'RZJDuapYGAb-kTvOmYF63hHKUDxk2aPFM0FcCDJI-8w' };
const Y_IS_5 = { x: '1zJddkbNYNgKknOM6zRfhEz_rzWEECLKsXb2kt6N4dc', y: `${'A'.repeat(42)}U` };
const PRIME_PLUS_5 = '_____wAAAAEAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAQ';
/** The point with x = 0, and the prime. */
const X_IS_0 = { x: 'A'.repeat(43), y: 'ZkhceA4vg9ckM71dhKBrtlQcKvMdrocXKL-FahdPk_Q' };
const PRIME = '_____wAAAAEAAAAAAAAAAAAAAAD_______________8';

async function rigOf(...keys: unknown[]) {
  const rig = makeRig(staticKeys({ keys }), { algorithms: ['ES256', 'RS256', 'EdDSA'] });
  await rig.verifier.ready();
  return { ...rig, skipped: rig.events.filter((event) => event.type === 'key_skipped') };
}

describe('a key of a set is skipped, with an event that says why', () => {
  const cases: [name: string, jwk: unknown, reason: SkipReason, message: RegExp][] = [
    ['null', null, 'not_a_jwk', /not a JSON object/],
    ['text', 'key', 'not_a_jwk', /not a JSON object/],
    ['a list', [EC], 'not_a_jwk', /not a JSON object/],
    ['an empty object', {}, 'unsupported_key_type', /no JWK: it has no kty/],
    ['an unknown type', { kty: 'AKP', alg: 'ML-DSA-44' }, 'unsupported_key_type', /Keys of kty "AKP" and crv nothing/],

    ['a private EC key', other.privateJwk, 'private_key', /private key.*replace this key/],
    ['a private RSA key', rs256.privateJwk, 'private_key', /private key/],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'].map((member): (typeof cases)[number] => [
      `an RSA key with the private ${member} alone`,
      { ...RSA, [member]: 'AQAB' },
      'private_key',
      /private key/,
    ]),
    ['a shared secret', { kty: 'oct', k: 'AAAA', alg: 'HS256' }, 'symmetric_key', /shared secret/],
    ['a shared secret without its secret', { kty: 'oct' }, 'symmetric_key', /shared secret/],
    ['an EC key with a secret', { ...EC, k: 'AAAA' }, 'symmetric_key', /shared secret/],

    ['a key for encryption', { ...EC, use: 'enc' }, 'not_for_signatures', /use is "enc", not "sig"/],
    ['a use that is no text', { ...EC, use: null }, 'not_for_signatures', /use is null/],
    ['key_ops without verify', { ...EC, key_ops: ['encrypt'] }, 'not_for_signatures', /key_ops.*"verify"/],
    ['no key_ops', { ...EC, key_ops: [] }, 'not_for_signatures', /key_ops/],
    ['key_ops that are text', { ...EC, key_ops: 'verify' }, 'not_for_signatures', /key_ops/],

    ['P-256 labelled ES384', { ...EC, alg: 'ES384' }, 'algorithm_mismatch', /alg is "ES384".*is one for ES256/],
    ['P-256 labelled HS256', { ...EC, alg: 'HS256' }, 'algorithm_mismatch', /alg is "HS256"/],
    ['P-256 labelled none', { ...EC, alg: 'none' }, 'algorithm_mismatch', /alg is "none"/],
    ['P-256 labelled Ed25519', { ...EC, alg: 'Ed25519' }, 'algorithm_mismatch', /is one for ES256/],
    ['Ed25519 labelled ES256', { ...ED, alg: 'ES256' }, 'algorithm_mismatch', /is one for EdDSA/],
    ['RSA labelled PS256', { ...RSA, alg: 'PS256' }, 'algorithm_mismatch', /is one for RS256/],
    ['an alg that is a list', { ...EC, alg: ['ES256'] }, 'algorithm_mismatch', /alg is a list/],
    ['an alg that is null', { ...EC, alg: null }, 'algorithm_mismatch', /alg is null/],

    [
      'P-384 labelled ES256, as Pomerium does it',
      { ...EC, crv: 'P-384' },
      'algorithm_mismatch',
      /"P-384".*P-256 signing key/,
    ],
    [
      'P-384 labelled ES384',
      { ...EC, crv: 'P-384', alg: 'ES384' },
      'unsupported_key_type',
      /"P-384".*P-256 signing key/,
    ],
    ['an EC key without a curve', { kty: 'EC', x, y }, 'unsupported_key_type', /lies on nothing/],
    ['an EC key on Ed25519', { ...ED, kty: 'EC' }, 'unsupported_key_type', /"Ed25519".*P-256 signing key/],
    ['an OKP key on P-256', { ...EC, kty: 'OKP' }, 'unsupported_key_type', /kty "OKP" and crv "P-256"/],
    ['X25519', { ...ED, crv: 'X25519' }, 'unsupported_key_type', /kty "OKP" and crv "X25519"/],

    ['a point off the curve', { ...EC, x: y }, 'invalid_parameters', /does not lie on P-256/],
    ['the point (0, 0)', { ...EC, x: 'A'.repeat(43), y: 'A'.repeat(43) }, 'invalid_parameters', /does not lie on/],
    ['an x beyond the prime', { ...EC, ...X_IS_5, x: PRIME_PLUS_5 }, 'invalid_parameters', /does not lie on/],
    ['a y beyond the prime', { ...EC, ...Y_IS_5, y: PRIME_PLUS_5 }, 'invalid_parameters', /does not lie on/],
    ['an x that is the prime', { ...EC, ...X_IS_0, x: PRIME }, 'invalid_parameters', /does not lie on/],
    ['a padded coordinate', { ...EC, x: `${x}=` }, 'invalid_parameters', /x and y.*32 bytes of base64url/],
    ['an x that is null', { ...EC, x: null }, 'invalid_parameters', /x and y/],
    ['an EC key without y', { kty: 'EC', crv: 'P-256', x }, 'invalid_parameters', /x and y/],

    ['RSA without n', { kty: 'RSA', e: 'AQAB' }, 'invalid_parameters', /n and e.*without leading zeros/],
    ['RSA without e', { ...RSA, e: undefined }, 'invalid_parameters', /n and e/],
    ['RSA with an empty n', { ...RSA, n: '' }, 'invalid_parameters', /n and e/],
    ['a zero before n', { ...RSA, n: `AAAA${RSA['n']}` }, 'invalid_parameters', /leading zeros/],
    ['a zero before e', { ...RSA, e: 'AAEAAQ' }, 'invalid_parameters', /leading zeros/],
    ['RSA of 24 bits', { ...RSA, n: 'zzzz' }, 'weak_key', /modulus has 24 bits; 2048 to 8192/],
    ['RSA of 2047 bits', { ...RSA, n: `f${modulus(256).slice(1)}` }, 'weak_key', /modulus has 2047 bits/],
    ['RSA of 8200 bits', { ...RSA, n: modulus(1025) }, 'weak_key', /modulus has 8200 bits/],
    ['an exponent of 1', { ...RSA, e: 'AQ' }, 'weak_key', /exponent.*odd number from 3/],
    ['an even exponent', { ...RSA, e: 'BA' }, 'weak_key', /exponent/],
    ['an exponent of five bytes', { ...RSA, e: 'AQAAAAE' }, 'weak_key', /exponent/],

    ['Ed25519 without x', { ...ED, x: undefined }, 'invalid_parameters', /x is not 32 bytes/],
    ['Ed25519 with a short x', { ...ED, x: 'AAAA' }, 'invalid_parameters', /x is not 32 bytes/],
    ['a kid that an earlier key has', { ...EC, kid: key.kid }, 'duplicate_kid', /earlier key of the set/],
  ];
  for (const [name, jwk, reason, message] of cases) {
    test(`${name}: ${reason}`, async () => {
      const { skipped, codeOf } = await rigOf(key.publicJwk, jwk);
      assert.lengthOf(skipped, 1);
      const kid = Object(jwk).kid;
      assert.deepInclude(skipped[0], { type: 'key_skipped', url: undefined, reason, keyId: kid });
      assert.match(skipped[0]?.message ?? '', message);
      assert.equal(await codeOf(token), 'valid');
      for (const signer of [other, rs256, eddsa]) assert.equal(await codeOf(await sign(signer)), 'unknown_key');
    });
  }

  test('and in silence where nobody listens', async () => {
    const keys = staticKeys({ keys: [null, key.publicJwk] });
    const verifier = createVerifier({ audience: HOST, keys, now: () => NOW });
    assert.equal((await verifier.verify(token)).subject, 'u-alice');
  });

  test('a kid that is no string is none in it, either', async () => {
    for (const kid of ['', 7, null]) {
      const { skipped } = await rigOf(key.publicJwk, { ...EC, kid, use: 'enc' });
      assert.deepInclude(skipped[0], { reason: 'not_for_signatures', keyId: undefined });
    }
  });

  test('beyond the first 32 of a set', async () => {
    const keys = Array.from({ length: 32 }, (_, i) => ({ ...EC, kid: `k${i}` }));
    assert.isEmpty((await rigOf(...keys)).skipped);
    const { skipped, codeOf } = await rigOf(...keys, key.publicJwk);
    assert.lengthOf(skipped, 1);
    assert.deepInclude(skipped[0], { reason: 'too_many_keys', keyId: undefined });
    assert.match(skipped[0]?.message ?? '', /first 32 of 33 keys/);
    assert.equal(await codeOf(await sign(other, {}, { kid: 'k31' })), 'valid');
    assert.equal(await codeOf(token), 'unknown_key');
  });
});

describe('a key of a set is used', () => {
  const { alg, use, kid, ...bare } = EC;
  const signed: [name: string, jwk: object, signer: TestKey][] = [
    ['without kid, by its thumbprint', { ...EC, kid: undefined }, other],
    ['with an empty kid, by its thumbprint', { ...EC, kid: '' }, other],
    ['with a kid that is a number, by its thumbprint', { ...EC, kid: 7 }, other],
    ['with a kid that is null, by its thumbprint', { ...EC, kid: null }, other],
    ['without kid, alg and use', bare, other],
    ['with verify as its only key_ops', { ...EC, key_ops: ['verify'] }, other],
    ['with verify among its key_ops', { ...EC, key_ops: ['sign', 'verify'] }, other],
    ['Ed25519 labelled EdDSA', { ...ED, alg: 'EdDSA' }, eddsa],
    ['Ed25519 labelled Ed25519 (RFC 9864)', { ...ED, alg: 'Ed25519' }, eddsa],
    ['RSA without alg', { ...RSA, alg: undefined }, rs256],
    ['with members that nobody knows', { ...EC, x5c: ['MIIB'], exp: 0 }, other],
  ];
  for (const [name, jwk, signer] of signed) {
    test(name, async () => {
      const { skipped, codeOf } = await rigOf(key.publicJwk, jwk);
      assert.isEmpty(skipped);
      assert.equal(await codeOf(await sign(signer)), 'valid');
    });
  }

  // Of these workerd takes the exponents 3 and 65537 alone, and Deno RSA of up to 4096 bits (signature.test.ts).
  const engineDependent = ['an exponent of four bytes', 'RSA of 8192 bits'];
  const atTheBound: [name: string, jwk: object][] = [
    ['RSA of 2048 bits', { ...RSA, n: modulus(256) }],
    ['RSA of 8192 bits', { ...RSA, n: modulus(1024) }],
    ['an exponent of 3', { ...RSA, e: 'Aw' }],
    ['an exponent of four bytes', { ...RSA, e: 'AQAAAQ' }],
    ['a point with small coordinates', { ...EC, ...X_IS_5 }],
    ['the point with x = 0', { ...EC, ...X_IS_0 }],
  ];
  for (const [name, jwk] of atTheBound) {
    test(name, async () => {
      assert.isUndefined(readJwk(jwk).skipped);
      if (engineDependent.includes(name)) return;
      assert.isEmpty((await rigOf(jwk)).skipped);
    });
  }

  test('beside others that have no kid, either', async () => {
    const { skipped, codeOf } = await rigOf(bare, { ...key.publicJwk, kid: undefined });
    assert.isEmpty(skipped);
    for (const signer of [other, key]) assert.equal(await codeOf(await sign(signer)), 'valid');
  });
});

describe('a document without a key that can be used is refused, with what is wrong', () => {
  const cases: [name: string, document: string, message: RegExp][] = [
    ['a page', '<!doctype html>', /not a JWKS, which is a JSON object with "keys"/],
    ['null', 'null', /not a JWKS/],
    ['a list', JSON.stringify(jwks(key).keys), /not a JWKS/],
    ['a JWK', JSON.stringify(key.publicJwk), /not a JWKS/],
    ['keys: null', '{"keys":null}', /publishes no signing key.*SIGNING_KEY.*prime256v1/],
    ['no keys', '{"keys":[]}', /publishes no signing key/],
    ['keys that are an object', '{"keys":{}}', /"keys" of the JWKS are not a list/],
    [
      'keys of which none can be used',
      JSON.stringify({ keys: [{ ...EC, kid: 'a', use: 'enc' }, { kty: 'oct' }] }),
      /No key of the JWKS can be used\. "a": Its use is "enc", not "sig"\. A shared secret/,
    ],
  ];
  for (const [name, document, message] of cases) {
    test(name, async () => {
      const fetch = async () => new Response(document);
      const error = await errorOf(() => makeRig(remoteKeys('https://x.test/', { fetch })).verify(token));
      assert.equal(error?.received, 'unusable_document');
      assert.match(error?.message ?? '', message);
    });
  }

  test('and with the keys that are in it, each with its reason', () => {
    const skippedOf = (document: unknown) => {
      try {
        readJwks(document);
        return undefined;
      } catch (error) {
        return error instanceof UnusableJwks ? error.skipped.map(({ reason }) => reason) : undefined;
      }
    };
    assert.deepEqual(skippedOf({ keys: [null, { kty: 'oct' }] }), ['not_a_jwk', 'symmetric_key']);
    assert.deepEqual(skippedOf({ keys: [] }), []);
  });
});
