import { type Context, Hono } from 'hono';
import { assert, describe, test } from 'vitest';
import { keepWarm, type PomeriumOptions, pomerium } from '../../../adapters/hono/index.ts';
import type { JwksStore } from '../../../core/index.ts';
import { ASSERTION, key } from '../../support/gate.ts';
import { HOST, jwks, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';
import { codeOf } from '../../support/verifying.ts';

const now = Math.floor(Date.now() / 1000);
const good = { [ASSERTION]: await sign(key, { iat: now, exp: now + 300 }) };

function makeContext() {
  const pending: Promise<unknown>[] = [];
  return { pending, waitUntil: (promise: Promise<unknown>) => void pending.push(promise) };
}

function makeStore(): JwksStore & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
  };
}

describe('keepWarm()', () => {
  test('fetches the keys of pomerium() into the store, and then no request does', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
    const options = { store: makeStore() };
    const app = new Hono().use(pomerium(options)).get('/', (c) => c.text(c.var.identity.subject));
    const context = makeContext();
    await withProcessEnvironment(env, async () => {
      await keepWarm(options)({}, env, context);
      await Promise.all(context.pending);
      assert.equal(await origin.count(), 1);
      assert.equal(await (await app.request('/', { headers: good }, env)).text(), 'u-alice');
    });
    assert.equal(await origin.count(), 1);
  });

  test('calls an options function with the env of the schedule, whose store it fills', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const variables = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
    const STORE = makeStore();
    const context = makeContext();
    const options = (c: Context): PomeriumOptions => ({ store: c.env.STORE });
    await withProcessEnvironment(variables, () => keepWarm(options)({}, { ...variables, STORE }, context));
    await Promise.all(context.pending);
    assert.equal(STORE.entries.size, 1);
    assert.equal(await origin.count(), 1);
  });

  const failures: [name: string, env: () => Promise<Record<string, string>>, code: string][] = [
    ['a configuration that cannot work', async () => ({ POMERIUM_AUDIENCE: 'https://a' }), 'invalid_configuration'],
    [
      'keys that cannot be had',
      async () => ({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: (await Origin.start({ status: 503 })).url }),
      'keys_unavailable',
    ],
  ];
  for (const [name, makeEnv, code] of failures) {
    test(`fails for ${name}, so that the platform tells it`, async () => {
      const env = { ...(await makeEnv()), POMERIUM_LOG: 'false' };
      const work = () => withProcessEnvironment(env, () => keepWarm()({}, env, makeContext()));
      assert.equal(await codeOf(work), code);
    });
  }

  test('fails for an options function that takes the audience from the request', async () => {
    const options = (c: Context): PomeriumOptions => ({ audience: new URL(c.req.url).hostname });
    assert.equal(await codeOf(() => keepWarm(options)({}, {}, makeContext())), 'invalid_configuration');
  });
});
