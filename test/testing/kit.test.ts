import { base64url, importJWK } from 'jose';
import { afterEach, assert, describe, test, vi } from 'vitest';
import { createVerifier, type MaybeAnonymous, remoteKeys, staticKeys, type Verifier } from '../../core/index.ts';
import { createTestIssuer, makeSigningKey, readSigningKey, type TestIssuer } from '../../testing/index.ts';
import { NOW } from '../support/issuer.ts';
import { assertMisconfigured, codeOf, errorOf } from '../support/verifying.ts';
import recorded from '../vectors/pomerium-2026.json' with { type: 'json' };

// The kit runs wherever a test does: this file on Node.js and in workerd.

const now = () => NOW;
const verifierOf = (issuer: TestIssuer, more = {}): Verifier<MaybeAnonymous> =>
  createVerifier({ audience: issuer.host, keys: staticKeys(issuer.jwks()), now, ...more });

function decode(token: string): { header: Record<string, unknown>; claims: Record<string, unknown>; text: string } {
  const [header = '', payload = ''] = token.split('.');
  const read = (segment: string) => atob(segment.replaceAll('-', '+').replaceAll('_', '/'));
  return { header: JSON.parse(read(header)), claims: JSON.parse(read(payload)), text: read(payload) };
}

const names = (text: object) => Object.keys(text);

afterEach(() => vi.unstubAllGlobals());

test('createTestIssuer() signs where tests have a Uint8Array of their own, as in jsdom', async () => {
  vi.stubGlobal('Uint8Array', class extends Uint8Array {});
  const issuer = await createTestIssuer({ now, seed: 'jsdom' });
  assert.equal((await verifierOf(issuer).verify(await issuer.sign())).subject, 'u-alice');
  assert.isNotEmpty(await issuer.bad());
});

describe('createTestIssuer() signs exactly like Pomerium', () => {
  const cases: [name: string, recordedName: string, sign: (issuer: TestIssuer) => Promise<string>][] = [
    ['a user', 'user', (issuer) => issuer.sign()],
    ['a service account', 'service-account', (issuer) => issuer.serviceAccount()],
    ['nobody', 'anonymous', (issuer) => issuer.anonymous()],
  ];
  for (const [name, recordedName, sign] of cases) {
    test(`${name}: the header and the claims of Pomerium's own, in their order`, async () => {
      const issuer = await createTestIssuer({ now });
      const ours = decode(await sign(issuer));
      const pomerium = decode(recorded.cases.find((one) => one.name === recordedName)?.assertion ?? '');
      assert.deepEqual(names(ours.header), names(pomerium.header));
      assert.deepEqual(names(ours.claims), names(pomerium.claims));
      const { jti, ...claims } = ours.claims;
      assert.match(String(jti), /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
      assert.deepEqual({ ...claims, jti: pomerium.claims['jti'] }, pomerium.claims);
      assert.equal(ours.header['kid'], issuer.keys[0]?.kid);
    });
  }

  test('the key set has the members and the order of Pomerium’s', async () => {
    const issuer = await createTestIssuer({ keys: ['ES256', 'RS256'] });
    const pomerium = JSON.parse(recorded.jwks.mixed.body) as { keys: object[] };
    assert.deepEqual(issuer.jwks().keys.map(names), pomerium.keys.slice(0, 2).map(names));
  });

  test('the issuer is the host, or a URI', async () => {
    const issuer = await createTestIssuer({ host: 'a.example.com', issuerFormat: 'uri', now });
    assert.equal(issuer.issuer, 'https://a.example.com/');
    assert.equal((await verifierOf(issuer).verify(await issuer.sign())).issuer, 'https://a.example.com/');
  });

  for (const algorithm of ['ES256', 'RS256', 'EdDSA'] as const) {
    test(`with ${algorithm}, and a key that was made before`, async () => {
      const key = await makeSigningKey(algorithm);
      const again = await readSigningKey(key.pkcs8, algorithm);
      assert.equal(again.kid, key.kid);
      const issuer = await createTestIssuer({ keys: [again], now });
      const verifier = verifierOf(issuer, { algorithms: [algorithm] });
      assert.equal((await verifier.verify(await issuer.sign())).subject, 'u-alice');
      const { spki } = key;
      const fromPem = createVerifier({ audience: issuer.host, keys: staticKeys(spki), algorithms: [algorithm], now });
      assert.equal((await fromPem.verify(await issuer.sign())).subject, 'u-alice');
    });
  }
});

describe('readSigningKey() takes PKCS #8', () => {
  const forms: [name: string, write: (pem: string) => string][] = [
    ['in PEM', (pem) => pem],
    ['in PEM, with Windows line ends', (pem) => pem.replaceAll('\n', '\r\n')],
    ['in PEM, with white space around it', (pem) => `\n  ${pem}\n`],
    ['under another label', (pem) => pem.replaceAll('PRIVATE KEY', 'EC PRIVATE KEY')],
    ['in base64 alone', (pem) => pem.replace(/-----[^-]*-----/g, '')],
  ];
  for (const [name, write] of forms) {
    test(name, async () => {
      const key = await makeSigningKey('ES256');
      const again = await readSigningKey(write(key.pkcs8));
      assert.deepEqual([again.kid, again.pkcs8, again.spki], [key.kid, key.pkcs8, key.spki]);
    });
  }

  test('of its own algorithm alone', async () => {
    const { pkcs8 } = await makeSigningKey('RS256');
    const failure = await readSigningKey(pkcs8, 'ES256').then(
      () => undefined,
      (error) => error,
    );
    assert.instanceOf(failure, Error);
  });
});

describe('sign() signs whatever header a test needs', () => {
  const headers: [name: string, header: Record<string, unknown>][] = [
    ['another algorithm', { alg: 'ES384' }],
    ['none', { alg: 'none' }],
    ['no algorithm', { alg: undefined }],
    ['a critical extension', { crit: ['b64'], b64: false }],
    ['a key id that is no string', { kid: 7 }],
    ['a nested key', { jwk: { kty: 'EC' } }],
  ];
  for (const [name, header] of headers) {
    test(`with ${name}: the header is as it was asked for, and the signature holds`, async () => {
      const issuer = await createTestIssuer({ now });
      const key = issuer.keys[0] ?? assert.fail();
      const token = await issuer.sign({}, { header });
      const want = JSON.parse(JSON.stringify({ alg: 'ES256', kid: key.kid, typ: 'JWT', ...header }));
      assert.deepEqual(decode(token).header, want);
      const publicKey = await importJWK({ ...key.publicJwk, kty: 'EC' }, 'ES256');
      assert.notInstanceOf(publicKey, Uint8Array);
      const signature = new Uint8Array(base64url.decode(token.split('.')[2] ?? ''));
      const input = new TextEncoder().encode(token.slice(0, token.lastIndexOf('.')));
      const parameters = { name: 'ECDSA', hash: 'SHA-256' };
      assert.isTrue(await crypto.subtle.verify(parameters, publicKey as CryptoKey, signature, input));
    });
  }
});

describe('createTestIssuer() has', () => {
  test('every identity, with claims of one’s own', async () => {
    const issuer = await createTestIssuer({ now });
    const verifier = verifierOf(issuer, { allowAnonymous: true });
    const bob = await verifier.verify(
      await issuer.sign({ email: 'bob@example.com', department: 'R&D', name: undefined }),
    );
    assert.deepEqual([bob.email, bob.claims['department'], bob.name], ['bob@example.com', 'R&D', undefined]);
    assert.equal((await verifier.verify(await issuer.serviceAccount())).email, 'bot@example.com');
    assert.isUndefined((await verifier.verify(await issuer.anonymous())).subject);
    assert.lengthOf((await verifier.verify(await issuer.withGroups())).groups, 400, '200 ids, 200 names');
  });

  for (const algorithm of ['ES256', 'RS256', 'EdDSA'] as const) {
    test(`every kind of bad request, each refused with its code (${algorithm})`, async () => {
      const issuer = await createTestIssuer({ now, keys: [algorithm] });
      const verifier = verifierOf(issuer, { algorithms: [algorithm] });
      const bad = await issuer.bad();
      assert.isAtLeast(bad.length, 40);
      assert.lengthOf(new Set(bad.map(({ name }) => name)), bad.length, 'no name twice');
      for (const { name, headers, codes } of bad) {
        const code = await codeOf(() => verifier.verifyRequest({ headers }));
        assert.include<string>(codes, code, name);
      }
    });
  }

  test('none that is refused for another reason: without its flaw each is good', async () => {
    const issuer = await createTestIssuer({ now });
    assert.equal(await codeOf(async () => verifierOf(issuer).verify(await issuer.sign())), 'valid');
  });

  test('rotation and revocation', async () => {
    const issuer = await createTestIssuer({ now });
    const old = await issuer.sign();
    const first = issuer.keys[0] ?? assert.fail();
    const second = await issuer.rotate();
    assert.deepEqual(issuer.keys, [second, first]);
    const young = await issuer.sign();
    assert.equal(decode(young).header['kid'], second.kid);
    for (const token of [old, young]) assert.equal(await codeOf(() => verifierOf(issuer).verify(token)), 'valid');
    issuer.revoke();
    assert.equal(await codeOf(() => verifierOf(issuer).verify(old)), 'unknown_key');
    assert.equal(await codeOf(() => verifierOf(issuer).verify(young)), 'valid');
    issuer.revoke(second.kid);
    assert.equal((await errorOf(() => issuer.sign()))?.code, 'invalid_configuration');
  });

  test('a rotation to a key for the same algorithm, unless another is named', async () => {
    const issuer = await createTestIssuer({ now, keys: ['EdDSA'] });
    const algorithms = ['EdDSA'];
    await issuer.rotate();
    assert.equal(await codeOf(async () => verifierOf(issuer, { algorithms }).verify(await issuer.sign())), 'valid');
    await issuer.rotate('ES256');
    assert.deepEqual(
      issuer.keys.map(({ algorithm }) => algorithm),
      ['ES256', 'EdDSA', 'EdDSA'],
    );
  });

  test('a seed that makes keys and token ids the same', async () => {
    const make = async (seed: string) => {
      const issuer = await createTestIssuer({ seed, now, keys: ['ES256', 'EdDSA'] });
      await issuer.rotate();
      const tokens = [await issuer.sign(), await issuer.sign()];
      return { keys: JSON.stringify(issuer.jwks()), ids: tokens.map((token) => decode(token).claims['jti']).join() };
    };
    assert.deepEqual(await make('one'), await make('one'));
    const [one, other] = [await make('one'), await make('other')];
    assert.notEqual(one.keys, other.keys);
    assert.notEqual(one.ids, other.ids);
    assert.lengthOf(new Set(one.ids.split(',')), 2);
    const issuer = await createTestIssuer({ seed: 'one', now });
    // With every version of the kit.
    assert.equal(issuer.keys[0]?.kid, '5acec4822539d3c4651d0df3938ca18d76119fe0edf744b0b9dacf41ce3fc427');
    assert.equal(await codeOf(async () => verifierOf(issuer).verify(await issuer.sign())), 'valid');
  });

  test('a fetch that answers as Pomerium does', async () => {
    const issuer = await createTestIssuer({ now });
    const keys = remoteKeys(`https://${issuer.host}/.well-known/pomerium/jwks.json`, { fetch: issuer.fetch });
    const verifier = createVerifier({ audience: issuer.host, keys, now });
    assert.equal((await verifier.verify(await issuer.sign())).subject, 'u-alice');
    const answer = await issuer.fetch('https://a.test/');
    assert.equal(answer.headers.get('cache-control'), 'max-age=60');
    assert.match(answer.headers.get('etag') ?? '', /^"[0-9a-f]{16}"$/);
    const headers = { 'if-none-match': answer.headers.get('etag') ?? '' };
    assert.equal((await issuer.fetch('https://a.test/', { headers })).status, 304);
    await issuer.rotate();
    assert.equal((await issuer.fetch('https://a.test/', { headers })).status, 200);
  });
});

test('it refuses options that do not exist', async () => {
  const error = await errorOf(() => createTestIssuer({ audience: 'app.corp.example.com' } as object));
  assertMisconfigured(() => {
    throw error;
  }, /^There is no option of createTestIssuer "audience"; there are host, /);
});

test('it refuses to be used in production', async () => {
  const env = globalThis.process?.env ?? {};
  const { NODE_ENV } = env;
  env['NODE_ENV'] = 'production';
  try {
    const error = await errorOf(() => createTestIssuer());
    assertMisconfigured(() => {
      throw error;
    }, /NODE_ENV is production/);
  } finally {
    if (NODE_ENV === undefined) delete env['NODE_ENV'];
    else env['NODE_ENV'] = NODE_ENV;
  }
});
