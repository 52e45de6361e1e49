import { assert, describe, test } from 'vitest';
import { remoteKeys } from '../../core/index.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin, type Step } from '../support/origin.ts';
import { errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();
const token = await sign(key, { exp: 9e9 });
const good = jwksAnswer(jwks(key));
const body = JSON.stringify(jwks(key));

describe('threat: JWKS endpoint games', () => {
  const refused: [string, Step, string][] = [
    ['a redirect', { status: 302, headers: { location: '/scripts' }, body }, 'redirect'],
    ['a permanent redirect', { status: 308, headers: { location: 'http://127.0.0.1:1/' }, body }, 'redirect'],
    ['300 with a good body', { status: 300, body }, 'redirect'],
    ['a 304 to a question without ETag', { status: 304 }, 'status'],
    ['a 404 with a good body', { status: 404, body }, 'status'],
    ['a 201 with a good body', { status: 201, body }, 'status'],
    ['a 204', { status: 204 }, 'status'],
    ['a 500 with HTML, as Pomerium with a broken key', { status: 500, body: '<!DOCTYPE html>' }, 'status'],
    [
      'HTML with 200',
      { body: '<!DOCTYPE html><p>Sign in', headers: { 'content-type': 'text/html' } },
      'unusable_document',
    ],
    ['nothing with 200', { body: '' }, 'unusable_document'],
    ['a JSON list', { body: JSON.stringify(jwks(key).keys) }, 'unusable_document'],
    ['a JWK instead of a JWKS', { body: JSON.stringify(key.publicJwk) }, 'unusable_document'],
    ['keys: null', { body: '{"keys":null}' }, 'unusable_document'],
    ['no keys', { body: '{"keys":[]}' }, 'unusable_document'],
    ['keys that are an object', { body: '{"keys":{}}' }, 'unusable_document'],
    ['two JSON documents', { body: body + body }, 'unusable_document'],
    ['a byte order mark', { body: `\uFEFF${body}` }, 'unusable_document'],
    ['deep nesting', { body: `{"keys":${'['.repeat(30_000)}` }, 'unusable_document'],
    ['a good body behind 64 KiB of spaces', { bytes: 65_536, body }, 'too_large'],
    ['10 MB', { bytes: 10_000_000 }, 'too_large'],
    ['a slow drip', { drip: true }, 'timeout'],
    ['no answer at all', { hang: true }, 'timeout'],
  ];
  for (const [name, step, reason] of refused) {
    test(`${name} → ${reason}, in bounded time, and never replaces a good set`, async () => {
      const origin = await Origin.start(step);
      const timeout = reason === 'timeout' ? 0.5 : 5;
      const cold = makeRig(remoteKeys(origin.url, { timeout }));
      const error = await errorOf(() => cold.verify(token));
      assert.equal(error?.code, 'keys_unavailable');
      assert.equal(error?.received, reason);

      await origin.answer({ ...good, headers: { 'cache-control': 'max-age=60' } }, step);
      const warm = makeRig(remoteKeys(origin.url, { timeout, staleWhileRevalidate: 0 }));
      assert.equal(await warm.codeOf(token), 'valid');
      warm.advance(61);
      assert.equal(await warm.codeOf(token), 'valid');
      await warm.settle();
      const reasons = warm.events.flatMap((event) => (event.type === 'keys_refresh_failed' ? [event.reason] : []));
      assert.deepEqual(reasons, [reason]);
    });
  }

  test('keys: null is explained: Pomerium publishes no signing key, and how to set one', async () => {
    const origin = await Origin.start(jwksAnswer('{"keys":null}'));
    const error = await errorOf(() => makeRig(remoteKeys(origin.url)).verify(token));
    assert.match(error?.message ?? '', /publishes no signing key.*SIGNING_KEY.*prime256v1/);
  });

  test('an origin that cannot be reached is a 503', async () => {
    const rig = makeRig(remoteKeys('http://127.0.0.1:1/jwks.json'));
    const error = await errorOf(() => rig.verify(token));
    assert.equal(error?.received, 'unreachable');
    // Each runtime has its own words for it; some never try this port.
    assert.match(
      error?.message ?? '',
      /could not be fetched: (the connection was refused|fetch never asks this port|.*are blocked)/,
    );
  });

  test('an answer whose redirect the runtime hides is one', async () => {
    const fetch = async () => Object.defineProperty(new Response(body), 'type', { value: 'opaqueredirect' });
    const rig = makeRig(remoteKeys('https://x.test/', { fetch }));
    assert.equal((await errorOf(() => rig.verify(token)))?.received, 'redirect');
  });

  test('an answer without a body is an empty one', async () => {
    const rig = makeRig(remoteKeys('https://x.test/', { fetch: async () => new Response(null) }));
    assert.equal((await errorOf(() => rig.verify(token)))?.received, 'unusable_document');
  });

  test('a body that nobody reads is given up', async () => {
    let cancels = 0;
    const endless = () => new ReadableStream({ cancel: () => void cancels++ });
    const rig = makeRig(remoteKeys('https://x.test/', { fetch: async () => new Response(endless(), { status: 404 }) }));
    assert.equal((await errorOf(() => rig.verify(token)))?.received, 'status');
    assert.equal(cancels, 1);
  });

  test('a fetch that ignores its signal is left behind after the timeout', async () => {
    const rig = makeRig(remoteKeys('https://x.test/', { timeout: 0.05, fetch: () => new Promise(() => {}) }));
    assert.equal((await errorOf(() => rig.verify(token)))?.received, 'timeout');
  });

  test('a fetch that throws something odd is a 503', async () => {
    const fetch = () => {
      throw null;
    };
    const rig = makeRig(remoteKeys('https://x.test/', { fetch }));
    assert.equal((await errorOf(() => rig.verify(token)))?.received, 'unreachable');
  });
});

describe('of a set that is fetched', () => {
  test('a key that cannot be used is skipped, with an event that names the URL', async () => {
    const origin = await Origin.start(jwksAnswer({ keys: [other.privateJwk, key.publicJwk] }));
    const rig = makeRig(remoteKeys(origin.url));
    assert.equal(await rig.codeOf(token), 'valid');
    assert.equal(await rig.codeOf(await sign(other, { exp: 9e9 })), 'unknown_key');
    const skipped = rig.events.filter(({ type }) => type === 'key_skipped');
    assert.deepInclude(skipped[0], { url: origin.url, reason: 'private_key', keyId: other.kid });
    assert.lengthOf(skipped, 1);
  });

  test('the first 32 of 200 keys are used, where their document fits in 64 KiB', async () => {
    const strangers = Array.from({ length: 199 }, (_, i) => ({ ...other.publicJwk, kid: `k${i}` }));
    const origin = await Origin.start(jwksAnswer({ keys: [...strangers, key.publicJwk] }));
    const rig = makeRig(remoteKeys(origin.url));
    assert.equal(await rig.codeOf(token), 'unknown_key');
    assert.equal(await rig.codeOf(await sign(other, { exp: 9e9 }, { kid: 'k31' })), 'valid');
    assert.equal(await rig.codeOf(await sign(other, { exp: 9e9 }, { kid: 'k32' })), 'unknown_key');
    assert.isTrue(rig.events.some((event) => event.type === 'key_skipped' && event.reason === 'too_many_keys'));
  });
});
