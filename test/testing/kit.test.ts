import { assert, describe, test } from 'vitest';
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
