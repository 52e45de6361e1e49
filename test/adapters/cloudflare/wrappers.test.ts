import { assert, describe, test } from 'vitest';
import {
  type CloudflareEnvironment,
  type CloudflareOptions,
  createGuard,
  createOnRequest,
  getIdentity,
  onRequest,
  withPomerium,
} from '../../../adapters/cloudflare/index.ts';
import { compilePolicy } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';

const key = await makeKey();
const ASSERTION = 'x-pomerium-jwt-assertion';
const env: CloudflareEnvironment = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)) };
const options = { now: () => NOW } satisfies CloudflareOptions;
const ctx = { waitUntil: () => {} };

async function requestWith(headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Request> {
  const spoofed = { 'x-pomerium-claim-email': 'root@evil.test', [`${ASSERTION}-for`]: 'a.b.c' };
  return new Request('https://edge.example/x?y=1', { headers: { ...spoofed, ...headers }, ...init });
}

describe('withPomerium', () => {
  test('calls fetch with the identity and a cleaned request, and hands the rest of the handler on', async () => {
    const scheduled = () => 'ran';
    const worker = withPomerium(
      {
        scheduled,
        async fetch(request, given, context, identity) {
          assert.equal(given, env);
          assert.equal(context, ctx);
          assert.equal(getIdentity(request), identity);
          const names = [...request.headers.keys()].filter((name) => /pomerium/.test(name));
          return Response.json({ email: identity.email, names, body: await request.text(), url: request.url });
        },
      },
      options,
    );
    const token = await sign(key);
    const request = await requestWith({ [ASSERTION]: token }, { method: 'POST', body: 'hello' });
    const response = await worker.fetch(request, env, ctx);
    assert.deepEqual(await response.json(), {
      email: 'alice@example.com',
      names: [ASSERTION],
      body: 'hello',
      url: 'https://edge.example/x?y=1',
    });
    assert.equal(getIdentity(request)?.subject, 'u-alice', 'also for the request as it came');
    assert.equal(worker.scheduled, scheduled);
  });

  test('answers everything else by itself', async () => {
    const worker = withPomerium({ fetch: () => assert.fail('never called') }, options);
    const refused = await worker.fetch(await requestWith(), env, ctx);
    assert.equal(refused.status, 401);
    assert.include(await refused.json(), { code: 'missing_assertion' });
    assert.equal((await worker.fetch(await requestWith(), {}, ctx)).status, 500);
    assert.isUndefined(getIdentity(await requestWith()));
  });

  test('takes options from the environment, once for each', async () => {
    let calls = 0;
    const worker = withPomerium({ fetch: () => new Response('in') }, (given: { HOST: string; KEYS: string }) => {
      calls += 1;
      return { ...options, audience: given.HOST, keys: { find: () => assert.fail(), ready: async () => {} } };
    });
    const mine = { HOST, KEYS: '' };
    for (let i = 0; i < 3; i++) assert.equal((await worker.fetch(await requestWith(), mine, ctx)).status, 401);
    assert.equal(calls, 1);
  });

  test('an error of the handler itself is not taken for a refusal', async () => {
    const worker = withPomerium({ fetch: () => Promise.reject(new TypeError('mine')) }, options);
    const request = await requestWith({ [ASSERTION]: await sign(key) });
    await worker.fetch(request, env, ctx).then(
      () => assert.fail(),
      (error) => assert.equal(error.message, 'mine'),
    );
  });

  test('caches fetched keys where other isolates find them', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const pending: Promise<unknown>[] = [];
    const context = { waitUntil: (promise: Promise<unknown>) => void pending.push(promise) };
    for (let isolate = 0; isolate < 3; isolate++) {
      const worker = withPomerium({ fetch: () => new Response('in') }, options);
      const given = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
      const request = await requestWith({ [ASSERTION]: await sign(key) });
      assert.equal((await worker.fetch(request, given, context)).status, 200);
      await Promise.all(pending);
    }
    assert.equal(await origin.count(), 1);
  });
});

describe('onRequest, for Pages', () => {
  const contextOf = (request: Request, given = env) => {
    const context = {
      request,
      env: given,
      data: {} as Record<string, unknown>,
      seen: undefined as Request | undefined,
      ...ctx,
    };
    const next = async (passed?: Request) => {
      context.seen = passed;
      return new Response('page');
    };
    return Object.assign(context, { next });
  };

  test('puts the identity into context.data and hands a cleaned request on', async () => {
    const context = contextOf(await requestWith({ [ASSERTION]: await sign(key) }));
    assert.equal(await (await createOnRequest(options)(context)).text(), 'page');
    assert.include(context.data['identity'], { subject: 'u-alice' });
    assert.isFalse(context.seen?.headers.has('x-pomerium-claim-email'));
  });

  test('answers a policy that asks about the request by the request that came, not by the context', async () => {
    const policy = compilePolicy({ allow: { and: [{ http_method: 'GET' }] } });
    const gate = createOnRequest({ ...options, policy });
    const headers = { [ASSERTION]: await sign(key) };
    assert.equal((await gate(contextOf(await requestWith(headers)))).status, 200);
    const post = new Request(await requestWith(headers), { method: 'POST' });
    assert.equal((await gate(contextOf(post))).status, 403);
  });

  test('takes no member of the context for something that it asks the gate', async () => {
    const nobodyAtAll = compilePolicy({});
    const named = { policy: nobodyAtAll, aliases: ['/admin'], requestInfo: { method: 'DELETE' }, requestId: 'theirs' };
    const rules: CloudflareOptions['rules'] = [{ path: '/x', access: 'authenticated' }];
    const context = Object.assign(contextOf(await requestWith({ [ASSERTION]: await sign(key) })), named);
    assert.equal((await createOnRequest({ ...options, rules })(context)).status, 200);
  });

  test('refuses what does not come through Pomerium', async () => {
    const context = contextOf(await requestWith());
    assert.equal((await onRequest(context)).status, 401);
    assert.deepEqual(context.data, {});
    assert.isUndefined(context.seen);
  });
});

describe('the guard’s schedule', () => {
  test('gets the keys before a request needs them, and fails where there are none', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const guard = createGuard();
    const given = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
    await guard.scheduled({}, given, ctx);
    assert.equal(await origin.count(), 1);
    const down = { ...given, POMERIUM_JWKS_URL: (await Origin.start({ status: 500 })).url };
    const failed = await guard.scheduled({}, down, ctx).catch((error) => error.code);
    assert.equal(failed, 'keys_unavailable');
  });
});
