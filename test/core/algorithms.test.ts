import { assert, describe, test } from 'vitest';
import { createVerifier, staticKeys } from '../../core/index.ts';
import { jwks, makeKey, sign, signText, toBase64url, userClaims } from '../support/issuer.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const es256 = await makeKey('ES256');
const other = await makeKey('ES256');
const rs256 = await makeKey('RS256');
const eddsa = await makeKey('EdDSA');

/** A token whose HMAC secret is something public: the PEM, the JWK or the coordinates of the key. */
async function hmacToken(secret: string): Promise<string> {
  const key = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const header = toBase64url(JSON.stringify({ alg: 'HS256', kid: es256.kid, typ: 'JWT' }));
  const input = `${header}.${toBase64url(JSON.stringify(userClaims()))}`;
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(input));
  return `${input}.${toBase64url(new Uint8Array(signature))}`;
}

describe('threat: algorithm from the token', () => {
  for (const alg of [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'es256',
    'ES256 ',
    'ES384',
    'ES512',
    'ES256K',
    'PS256',
    'HS256',
  ]) {
    test(`alg ${JSON.stringify(alg)} is refused, with the right signature and without one`, async () => {
      const token = await sign(es256, {}, { alg });
      const unsigned = token.slice(0, token.lastIndexOf('.') + 1);
      const rig = makeRig(es256, { algorithms: ['ES256', 'RS256', 'EdDSA'] });
      assert.equal(await rig.codeOf(token), 'unsupported_algorithm');
      assert.equal(await rig.codeOf(unsigned), 'unsupported_algorithm');
    });
  }

  for (const [name, secret] of [
    ['the SPKI PEM', es256.spki],
    ['the JWK', JSON.stringify(es256.publicJwk)],
    ['the x coordinate', String(es256.publicJwk['x'])],
    ['the empty string', ' '],
  ] as const) {
    test(`HS256 keyed with ${name} is refused`, async () => {
      const rig = makeRig(es256, { algorithms: ['ES256', 'RS256', 'EdDSA'] });
      assert.equal(await rig.codeOf(await hmacToken(secret)), 'unsupported_algorithm');
    });
  }

  for (const key of [rs256, eddsa]) {
    test(`${key.algorithm} is refused unless it is named, and accepted when it is`, async () => {
      const token = await sign(key);
      assert.equal(await makeRig(key).codeOf(token), 'unsupported_algorithm');
      assert.equal(await makeRig(key, { algorithms: [key.algorithm] }).codeOf(token), 'valid');
    });
  }

  test('ES256 is refused when only RS256 is named', async () => {
    assert.equal(await makeRig(es256, { algorithms: ['RS256'] }).codeOf(await sign(es256)), 'unsupported_algorithm');
  });

  test('a token that names another algorithm than its key is for is refused', async () => {
    const keys = staticKeys(jwks(es256, rs256, eddsa));
    const rig = makeRig(keys, { algorithms: ['ES256', 'RS256', 'EdDSA'] });
    for (const signer of [es256, rs256, eddsa]) {
      for (const named of [es256, rs256, eddsa].filter((one) => one !== signer)) {
        assert.equal(await rig.codeOf(await sign(signer, {}, { alg: named.algorithm })), 'unsupported_algorithm');
        assert.equal(await rig.codeOf(await sign(signer, {}, { kid: named.kid })), 'unsupported_algorithm');
      }
    }
  });

  test('a JWK without alg is used for the algorithm of its type only', async () => {
    const { alg, use, ...bare } = rs256.publicJwk;
    const rig = makeRig(staticKeys({ keys: [bare] }), { algorithms: ['ES256', 'RS256'] });
    assert.equal(await rig.codeOf(await sign(rs256)), 'valid');
    assert.equal(await rig.codeOf(await sign(rs256, {}, { alg: 'PS256' })), 'unsupported_algorithm');
    assert.equal(await rig.codeOf(await sign(rs256, {}, { alg: 'ES256' })), 'unsupported_algorithm');
  });

  test('the refusal says what was expected and what came, but not in an enumerable property', async () => {
    const error = await errorOf(async () => makeRig(es256).verify(await sign(es256, {}, { alg: 'none' })));
    assert.equal(error?.expected, 'ES256');
    assert.equal(error?.received, '"none"');
    assert.notInclude(Object.keys(error ?? {}), 'received');
  });
});

describe('threat: key from the token', () => {
  const forgedBy = (header: Record<string, unknown>) => sign(other, {}, { kid: es256.kid, ...header });
  const extras: [string, Record<string, unknown>][] = [
    ['jwk (CVE-2018-0114)', { jwk: other.publicJwk }],
    ['jku', { jku: 'http://127.0.0.1:1/jwks.json' }],
    ['x5u', { x5u: 'http://127.0.0.1:1/cert.pem' }],
    ['x5c', { x5c: ['MIIB'] }],
    ['x5t', { x5t: 'AAAA' }],
    ['all of them, of wrong types', { jwk: 1, jku: {}, x5u: [], x5c: 'x', x5t: null }],
  ];
  for (const [name, extra] of extras) {
    test(`${name}: the answer is the same with it as without`, async () => {
      const rig = makeRig(es256);
      assert.equal(await rig.codeOf(await forgedBy({})), 'invalid_signature');
      assert.equal(await rig.codeOf(await forgedBy(extra)), 'invalid_signature');
      assert.equal(await rig.codeOf(await sign(es256, {}, extra)), 'valid');
      assert.equal(await rig.codeOf(await sign(other, {}, extra)), 'unknown_key');
    });
  }
});

describe('threat: key URL from the token', () => {
  test('the issuer of a token is never asked for keys (CVE-2026-32301)', async () => {
    const asked: string[] = [];
    const originalFetch = globalThis.fetch;
    globalThis.fetch = (async (input: string) => {
      asked.push(String(input));
      throw new TypeError('no network in this test');
    }) as typeof fetch;
    try {
      const verifier = createVerifier({ audience: 'app.corp.example.com' });
      await errorOf(async () => verifier.verify(await sign(es256, { iss: 'https://evil.test/' })));
    } finally {
      globalThis.fetch = originalFetch;
    }
    assert.deepEqual(asked, ['https://app.corp.example.com/.well-known/pomerium/jwks.json']);
  });
});

describe('key selection', () => {
  test('a token without kid is accepted when exactly one key fits its algorithm', async () => {
    const token = await sign(es256, {}, { kid: undefined });
    assert.equal(await makeRig(staticKeys(jwks(es256, rs256))).codeOf(token), 'valid');
    assert.equal(await makeRig(staticKeys(jwks(es256, other))).codeOf(token), 'unknown_key');
    assert.equal(await makeRig(staticKeys(jwks(rs256))).codeOf(token), 'unknown_key');
  });

  test('an empty kid is no kid', async () => {
    const rig = makeRig(es256);
    assert.equal(await rig.codeOf(await sign(es256, {}, { kid: '' })), 'valid');
    assert.equal(await rig.codeOf(await sign(other, {}, { kid: '' })), 'invalid_signature');
  });

  for (const kid of ['__proto__', 'constructor', 'toString', ' ', es256.kid.toUpperCase(), es256.kid.slice(0, -1)]) {
    test(`kid ${JSON.stringify(kid.slice(0, 12))} is compared exactly and finds nothing`, async () => {
      assert.equal(await makeRig(es256).codeOf(await sign(es256, {}, { kid })), 'unknown_key');
    });
  }

  for (const kid of [1, null, true, {}, [es256.kid]]) {
    test(`a kid that is ${JSON.stringify(kid).slice(0, 12)} is malformed`, async () => {
      assert.equal(await makeRig(es256).codeOf(await sign(es256, {}, { kid })), 'malformed_assertion');
    });
  }

  test('the algorithm, type and order of header members are free otherwise, as v0.10 left typ out', async () => {
    const header = JSON.stringify({ kid: es256.kid, alg: 'ES256' });
    assert.equal(await makeRig(es256).codeOf(await signText(es256, header, JSON.stringify(userClaims()))), 'valid');
  });
});
