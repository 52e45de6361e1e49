import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, assert, test, vi } from 'vitest';
import { remoteKeys, staticKeys } from '../../core/index.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const es256 = await makeKey('ES256');
const eddsa = await makeKey('EdDSA');
const ALL = { algorithms: ['ES256', 'EdDSA'] } as const;

/** Watches the engine, which may be one that knows no Ed25519, as OpenSSL is in FIPS mode. */
function watchEngine({ hasEd25519 }: { hasEd25519: boolean }) {
  const createPublicKey = crypto.createPublicKey;
  const spy = vi.spyOn(crypto, 'createPublicKey').mockImplementation((input) => {
    const { kty } = Object((input as crypto.JsonWebKeyInput).key) as { kty?: string };
    if (kty === 'OKP' && !hasEd25519) throw new TypeError('unsupported');
    return createPublicKey(input as crypto.JsonWebKeyInput);
  });
  syncBuiltinESMExports();
  return spy;
}

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

test('a key that the engine does not take is skipped, and the others of the set are used', async () => {
  watchEngine({ hasEd25519: false });
  const rig = makeRig(staticKeys(jwks(eddsa, es256)), ALL);
  assert.equal(await rig.codeOf(await sign(es256)), 'valid');
  assert.equal(await rig.codeOf(await sign(eddsa)), 'unknown_key');
  const skipped = rig.events.filter((event) => event.type === 'key_skipped');
  assert.lengthOf(skipped, 1);
  assert.deepInclude(skipped[0], { reason: 'invalid_parameters', keyId: eddsa.kid });
  assert.match(skipped[0]?.message ?? '', /This runtime does not take it as a key for EdDSA/);
});

test('a set of which the engine takes no key is refused', async () => {
  watchEngine({ hasEd25519: false });
  const fixed = await errorOf(() => makeRig(staticKeys(jwks(eddsa)), ALL).verifier.ready());
  assert.equal(fixed?.code, 'invalid_configuration');
  assert.match(fixed?.message ?? '', /This runtime can use no key of the key set/);

  const fetch = async () => new Response(JSON.stringify(jwks(eddsa)));
  const fetched = await errorOf(() => makeRig(remoteKeys('https://x.test/', { fetch }), ALL).verifier.ready());
  assert.equal(fetched?.code, 'keys_unavailable');
  assert.match(fetched?.message ?? '', /This runtime can use no key of the key set/);
});

test('static keys are imported once, however often they are made ready and used', async () => {
  const engine = watchEngine({ hasEd25519: true });
  const rig = makeRig(staticKeys(jwks(es256, eddsa)), ALL);
  for (let round = 0; round < 3; round++) {
    await rig.verifier.ready();
    assert.equal(await rig.codeOf(await sign(es256)), 'valid');
  }
  assert.equal(engine.mock.calls.length, 2);
});
