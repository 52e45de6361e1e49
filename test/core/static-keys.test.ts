import { assert, describe, test } from 'vitest';
import { staticKeys } from '../../core/index.ts';
import { fromBase64url, jwks, makeKey, sign, toBase64url } from '../support/issuer.ts';
import { OTHER_SPKI, P384_SPKI, SEED_CERTIFICATE, SEED_JWKS, SEED_TOKEN } from '../support/seed.ts';
import { assertMisconfigured, errorOf, makeRig } from '../support/verifying.ts';
import v2026 from '../vectors/pomerium-2026.json' with { type: 'json' };

const es256 = await makeKey('ES256');
const other = await makeKey('ES256');
const rs256 = await makeKey('RS256');
const eddsa = await makeKey('EdDSA');
const ALL = { algorithms: ['ES256', 'RS256', 'EdDSA'] } as const;

const withMember = ({ publicJwk }: typeof es256, pem: string) => ({ keys: [{ ...publicJwk, pem }] });

/** SubjectPublicKeyInfo of an EC key on P-256 up to its point of 33 bytes (RFC 5480). */
const P256_COMPRESSED_SPKI = fromBase64url('MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgA');

describe('staticKeys takes', () => {
  const forms: [string, (key: typeof es256) => string | object][] = [
    ['a JWK', (key) => key.publicJwk],
    ['a JWK as text', (key) => JSON.stringify(key.publicJwk)],
    ['a JWKS', (key) => jwks(key)],
    ['a JWKS as text', (key) => JSON.stringify(jwks(key))],
    ['a JWK without kid, alg and use', ({ publicJwk: { kid, alg, use, ...jwk } }) => jwk],
    ['a SPKI PEM', (key) => key.spki],
    ['a PEM with CRLF and text around it', (key) => `Subject: x\r\n${key.spki.replaceAll('\n', '\r\n')}\r\n`],
    ['a PEM on one line with \\n written out', (key) => key.spki.replaceAll('\n', '\\n')],
    ['base64 of a PEM', (key) => btoa(key.spki)],
    ['base64 of a PEM, in lines', (key) => (btoa(key.spki).match(/.{1,64}/g) ?? []).join('\n')],
    ['base64url of a JWKS', (key) => toBase64url(JSON.stringify(jwks(key)))],
    ['base64 of a JWK', (key) => btoa(JSON.stringify(key.publicJwk))],
    ['a JWKS as text with a byte order mark, as editors write it', (key) => `\uFEFF${JSON.stringify(jwks(key))}\n`],
    ['a JWKS as text that has another key as PEM in a member', (key) => JSON.stringify(withMember(key, other.spki))],
    ['a JWKS on one line with \\n written out', (key) => JSON.stringify(jwks(key), null, 1).replaceAll('\n', '\\n')],
  ];
  for (const key of [es256, rs256, eddsa]) {
    for (const [name, form] of forms) {
      test(`${name} (${key.algorithm}), and gives the key Pomerium's kid`, async () => {
        const rig = makeRig(staticKeys(form(key)), ALL);
        assert.equal(await rig.codeOf(await sign(key)), 'valid');
        assert.equal(await rig.codeOf(await sign(key, {}, { kid: 'x' })), 'unknown_key');
        assert.isEmpty(rig.events.filter(({ type }) => type === 'key_skipped'));
      });
    }
  }

  test('a SPKI PEM with a compressed point (SEC 1 section 2.3.3)', async () => {
    const { x, y } = es256.publicJwk as { x: string; y: string };
    const prefix = [0x02 + ((fromBase64url(y).at(-1) ?? 0) & 1), ...fromBase64url(x)];
    const spki = new Uint8Array([...P256_COMPRESSED_SPKI, ...prefix]);
    const pem = `-----BEGIN PUBLIC KEY-----\n${btoa(String.fromCharCode(...spki))}\n-----END PUBLIC KEY-----`;
    assert.equal(await makeRig(staticKeys(pem)).codeOf(await sign(es256)), 'valid');
  });

  test('base64url of a JWKS that has both letters of that alphabet', async () => {
    const text = toBase64url(JSON.stringify({ ...es256.publicJwk, kid: '>>>???' }));
    assert.match(text, /-.*_/);
    assert.equal(await makeRig(staticKeys(text)).codeOf(await sign(es256, {}, { kid: '>>>???' })), 'valid');
  });

  test('text of 65,536 characters', async () => {
    const text = JSON.stringify(es256.publicJwk).replace('{', `{${' '.repeat(65_536)}`);
    const longest = text.replace('{', '').slice(-65_535);
    assert.equal(await makeRig(staticKeys(`{${longest}`)).codeOf(await sign(es256)), 'valid');
    assertMisconfigured(() => staticKeys(`{ ${longest}`), /longer than 65536 characters/);
  });

  test('several PEMs in one string, with and without a line between them', async () => {
    for (const separator of ['', '\n', '\n# the old key\n']) {
      const rig = makeRig(staticKeys([es256, other, rs256].map(({ spki }) => spki).join(separator)), ALL);
      for (const key of [es256, other, rs256]) assert.equal(await rig.codeOf(await sign(key)), 'valid');
      assert.equal(await rig.codeOf(await sign(eddsa)), 'unknown_key');
      assert.isEmpty(rig.events.filter(({ type }) => type === 'key_skipped'));
    }
  });

  test('a certificate made by the seed document’s own commands, for its key only', async () => {
    for (const material of [SEED_CERTIFICATE, btoa(SEED_CERTIFICATE), SEED_CERTIFICATE + rs256.spki]) {
      assert.equal(await makeRig(staticKeys(material)).codeOf(SEED_TOKEN), 'valid');
    }
  });

  test('the JWKS example of the seed document: its kid is the hex RFC 7638 thumbprint', async () => {
    const [jwk] = SEED_JWKS.keys;
    const { kid, ...bare } = jwk;
    const { keyId } = await staticKeys(bare).find({ algorithm: 'ES256', keyId: kid }, context);
    assert.equal(keyId, 'ccc5bc9d835ff3c8f7075ed4a7510159cf440fd7bf7b517b5caeb1fa419ee6a1');
    assert.equal((await staticKeys(SEED_JWKS).find({ algorithm: 'ES256', keyId: undefined }, context)).keyId, kid);
  });

  test("Pomerium's mixed key set, saying that the P-384 key labelled ES256 is skipped", async () => {
    const rig = makeRig(staticKeys(v2026.jwks.mixed.body));
    await rig.verifier.ready();
    const skipped = rig.events.flatMap((event) => (event.type === 'key_skipped' ? [event] : []));
    assert.deepEqual(
      skipped.map(({ reason }) => reason),
      ['algorithm_mismatch'],
    );
    assert.match(skipped[0]?.message ?? '', /P-384.*P-256 signing key/);
  });

  test('a skipped key as one event, however many requests come before the keys are ready', async () => {
    const rig = makeRig(staticKeys(v2026.jwks.mixed.body));
    await Promise.all([rig.verifier.ready(), rig.verifier.ready()]);
    await rig.verifier.ready();
    assert.deepEqual(
      rig.events.map(({ type }) => type),
      ['key_skipped'],
    );
  });

  test('a key that is ready without a promise, and one that is not by a promise alone', async () => {
    const keys = staticKeys(es256.spki);
    const selector = { algorithm: 'ES256', keyId: es256.kid };
    assert.isUndefined(keys.peek?.(selector));
    const first = keys.find(selector, context);
    assert.instanceOf(first, Promise);
    const found = await first;
    assert.equal(found.keyId, es256.kid);
    assert.equal(keys.find(selector, context), found);
    assert.equal(keys.peek?.(selector), found);
  });
});

const context = { now: () => 0, waitUntil: () => {}, emit: undefined };

describe('staticKeys refuses, when it is built,', () => {
  const { kid, ...anonymous } = es256.publicJwk;
  const cases: [string, unknown, RegExp][] = [
    [
      'a PEM with \\n within a label',
      es256.spki.replaceAll('PUBLIC', 'PUB\\nLIC'),
      /are neither PEM|PEM block .* is broken/,
    ],
    ['nothing', undefined, /neither PEM/],
    [
      'a URL',
      'https://app.corp.example.com/.well-known/pomerium/jwks.json',
      /neither PEM.*remoteKeys\(url\), or set POMERIUM_JWKS_URL/,
    ],
    ['the empty string', '', /neither PEM/],
    ['rubbish', 'hello', /neither PEM/],
    ['\\n within \\n, thousands deep', '\\'.repeat(30_000) + 'n'.repeat(30_000), /neither PEM/],
    ['a list', [es256.publicJwk], /neither PEM/],
    ['keys: null', { keys: null }, /publishes no signing key/],
    ['no keys', { keys: [] }, /publishes no signing key/],
    ['keys that are no list', { keys: es256.publicJwk }, /"keys" of the JWKS are not a list/],
    [
      'keys that are all unusable, with the reason of each',
      { keys: [{ ...es256.publicJwk, kid: 'a', use: 'enc' }, { kty: 'oct' }] },
      /No key of the JWKS can be used\. "a": Its use is "enc", not "sig"\. A shared secret cannot/,
    ],
    ['an empty object', {}, /cannot be used/],
    ['a private JWK', es256.privateJwk, /private key/],
    ['a private key as PEM', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /public half/],
    ['an EC private key as PEM', '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----', /public half/],
    [
      'a private key behind a public one',
      `${es256.spki}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`,
      /public half/,
    ],
    ['a shared secret', { kty: 'oct', k: 'AAAA' }, /shared secret/],
    ['an RSA PUBLIC KEY', '-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----', /PUBLIC KEY/],
    ['a PEM cut short', es256.spki.slice(0, 80), /broken/],
    ['a PEM cut short behind a whole one', es256.spki + other.spki.slice(0, 80), /broken/],
    ['a PEM cut short before a whole one', other.spki.slice(0, 80) + es256.spki, /broken|not base64/],
    ['a PEM without its BEGIN line behind a whole one', es256.spki + other.spki.slice(40), /broken/],
    [
      'a PEM that ends as another',
      es256.spki.replace('END PUBLIC KEY', 'END CERTIFICATE'),
      /begins as PUBLIC KEY and ends as CERTIFICATE/,
    ],
    [
      'a PEM of text that is no base64',
      '-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----',
      /PUBLIC KEY.*not base64/,
    ],
    ['a point that is not on the curve', { ...anonymous, y: es256.publicJwk['x'] }, /P-256/],
    ['a coordinate too short', { ...anonymous, x: 'AAAA' }, /32 bytes/],
    ['a key for encryption', { ...anonymous, use: 'enc' }, /use/],
    ['a key without verify among its key_ops', { ...anonymous, key_ops: ['sign'] }, /key_ops/],
    ['a key labelled with another algorithm', { ...anonymous, alg: 'ES384' }, /ES384/],
    ['an HS256 label', { ...anonymous, alg: 'HS256' }, /HS256/],
    ['RSA of 1024 bits', { kty: 'RSA', n: toBase64url(new Uint8Array(128).fill(0xff)), e: 'AQAB' }, /1024 bits/],
    ['RSA of 2047 bits', { kty: 'RSA', n: toBase64url(new Uint8Array(256).fill(0x7f)), e: 'AQAB' }, /2047 bits/],
    ['RSA with e = 1', { ...rs256.publicJwk, e: 'AQ' }, /exponent/],
    ['RSA with an even e', { ...rs256.publicJwk, e: 'BA' }, /exponent/],
    ['RSA with a leading zero', { ...rs256.publicJwk, n: `AAAA${rs256.publicJwk['n']}` }, /leading zero/],
    ['Ed448', { kty: 'OKP', crv: 'Ed448', x: 'AAAA' }, /Ed448/],
  ];
  for (const [name, material, message] of cases) {
    test(name, () => assertMisconfigured(() => staticKeys(material as string), message));
  }
});

// What is inside a PEM block only an engine can tell, which answers later than `staticKeys` returns.
describe('staticKeys refuses, when the keys are first needed,', () => {
  const certificate = SEED_CERTIFICATE.replace(/\n(.{8})/, '\n');
  const cases: [string, string, RegExp][] = [
    ['P-384', P384_SPKI, /P-384.*P-256 signing key/],
    ['P-521', OTHER_SPKI.p521, /P-521/],
    ['secp256k1', OTHER_SPKI.secp256k1, /neither an EC key on P-256, nor RSA, nor Ed25519/],
    ['X25519, which workerd takes for Ed25519', OTHER_SPKI.x25519, /X25519 key, which cannot sign/],
    ['DSA', OTHER_SPKI.dsa, /neither an EC key on P-256/],
    ['RSA of 1024 bits', OTHER_SPKI.rsa1024, /1024 bits/],
    ['a PEM with a byte missing', es256.spki.replace(/\n(.{8})/, '\n'), /cannot be read|not a key/],
    ['a certificate with a byte missing', certificate, /cannot be read|not a key/],
    ['a good PEM beside P-384', `${es256.spki}\n${P384_SPKI}`, /P-384/],
  ];
  for (const [name, material, message] of cases) {
    test(`${name}: ready() and every verification are invalid_configuration`, async () => {
      const rig = makeRig(staticKeys(material), ALL);
      const token = await sign(es256);
      for (const work of [() => rig.verifier.ready(), () => rig.verify(token), () => rig.verify(token)]) {
        const error = await errorOf(work);
        assert.equal(error?.code, 'invalid_configuration');
        assert.match(error?.message ?? '', message);
      }
    });
  }
});
