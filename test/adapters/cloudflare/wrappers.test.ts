import { assert, describe, test } from 'vitest';
import {
  type CloudflareEnvironment,
  type CloudflareOptions,
  createAuth,
  createGuard,
  createOnRequest,
  getIdentity,
  onRequest,
  verifyThrough,
  withPomerium,
} from '../../../adapters/cloudflare/index.ts';
import { compilePolicy } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { assertMisconfigured } from '../../support/verifying.ts';

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
    const queue = () => {};
    const worker = withPomerium(
      {
        queue,
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
    assert.equal(typeof worker.queue, 'function');
  });

  test('answers a request without a good assertion itself, and does not call the handler', async () => {
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

  test('leaves other members with the handler itself, and can be spread and changed, as OpenTelemetry does', async () => {
    class Handler {
      #seen: string[] = [];
      fetch = () => Response.json(this.#seen);
      queue(batch: unknown) {
        this.#seen.push(String(batch));
      }
    }
    const worker = { ...withPomerium<CloudflareEnvironment>(new Handler(), options) };
    assert.hasAllKeys(worker, ['fetch', 'queue', 'scheduled']);
    await worker.queue?.('a job', env, ctx);
    const request = await requestWith({ [ASSERTION]: await sign(key) });
    assert.deepEqual(await (await worker.fetch(request, env, ctx)).json(), ['a job']);
    const changed: object = withPomerium<CloudflareEnvironment>(new Handler(), options);
    for (const name of ['fetch', 'queue', 'scheduled']) Object.assign(changed, { [name]: name });
    assert.include(changed, { fetch: 'fetch', queue: 'queue', scheduled: 'scheduled' });
  });

  test('reads no variable that is not there: the env of OpenTelemetry throws then', async () => {
    const strict = new Proxy(env, {
      get: (target, name) => Reflect.get(target, name) ?? assert.fail(`${String(name)} was read`),
    });
    const request = await requestWith({ [ASSERTION]: await sign(key) });
    const seats = [withPomerium({ fetch: () => new Response('in') }, options), createGuard(options)];
    for (const seat of seats) assert.equal((await seat.fetch(request.clone(), strict, ctx)).status, 200);
    const auth = new (createAuth<object>(options))(ctx, strict);
    assert.equal((await verifyThrough(auth, request)).identity?.subject, 'u-alice');
  });

  const secret = { POMERIUM_POLICY: { allow: { or: [{ groups: 'nobody-has-this' }] } } };
  const HIDDEN: [name: string, make: (given: CloudflareEnvironment) => CloudflareEnvironment][] = [
    ['inherits its bindings', (given) => Object.create(given)],
    ['has them by a trap', (given) => new Proxy({}, { get: (_, name) => Reflect.get(given, name) })],
    [
      'has them as getters of a class',
      (given) =>
        new (class {
          get POMERIUM_POLICY() {
            return given.POMERIUM_POLICY;
          }
          get POMERIUM_JWKS() {
            return given.POMERIUM_JWKS;
          }
        })(),
    ],
  ];
  for (const [name, make] of HIDDEN) {
    test(`an env that ${name} keeps its variables`, async () => {
      const headers = { [ASSERTION]: await sign(key) };
      const seats = [
        withPomerium<CloudflareEnvironment>({ fetch: () => new Response('in') }, { ...options, audience: HOST }),
        createGuard<CloudflareEnvironment>({ ...options, audience: HOST }),
      ];
      for (const seat of seats) {
        assert.equal((await seat.fetch(await requestWith(headers), make(env), ctx)).status, 200);
        assert.equal((await seat.fetch(await requestWith(headers), make({ ...env, ...secret }), ctx)).status, 403);
      }
    });
  }

  const NOTHING_TO_GUARD: [name: string, target: object | undefined, sentence: RegExp][] = [
    ['nothing', undefined, /has no fetch/],
    ['a handler', {}, /has no fetch/],
    ['a function', () => new Response(), /is no class with a method fetch; write withPomerium\(\{ fetch/],
    ['a class', class Jobs {}, /Jobs is no class with a method fetch/],
    [
      'a class whose fetch is a field',
      class Field {
        fetch = () => new Response();
      },
      /Field is no class with a method fetch/,
    ],
  ];
  test('an option in the handler is refused when it is built, and a member of a class is its own', () => {
    const fetch = () => new Response();
    for (const option of ['audience', 'policy', 'rules'])
      assertMisconfigured(
        () => withPomerium({ fetch, [option]: [] } as never),
        new RegExp(`^${option} is an option; write withPomerium\\(handler, \\{ ${option} \\}\\)\\.$`),
      );
    class Site {
      readonly policy = 'mine';
      fetch = fetch;
    }
    assert.isFunction(withPomerium(new Site(), options).fetch);
  });

  for (const [name, target, sentence] of NOTHING_TO_GUARD) {
    test(`${name} without a fetch is refused when it is built`, () => {
      assertMisconfigured(() => withPomerium(target as never), sentence);
    });
  }

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

describe('the schedule of withPomerium', () => {
  const ran: string[] = [];
  const own = () => void ran.push('own');
  const withSchedule = (scheduled?: () => void) =>
    withPomerium<CloudflareEnvironment>({ fetch: () => new Response(), ...(scheduled && { scheduled }) });

  test('fetches the keys, and runs the handler’s own schedule', async () => {
    for (const scheduled of [undefined, own]) {
      const origin = await Origin.start(jwksAnswer(jwks(key)));
      const pending: Promise<unknown>[] = [];
      const context = { waitUntil: (promise: Promise<unknown>) => void pending.push(promise) };
      const given = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
      await withSchedule(scheduled).scheduled({}, given, context);
      await Promise.all(pending);
      assert.equal(await origin.count(), 1);
    }
    assert.lengthOf(ran, 1);
  });

  test('without keys, the handler’s own does what it has to do; alone, it fails', async () => {
    const down = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: (await Origin.start({ status: 500 })).url };
    await withSchedule(own).scheduled({}, down, ctx);
    assert.lengthOf(ran, 2);
    const failed = await withSchedule()
      .scheduled({}, down, ctx)
      .catch((error) => error.code);
    assert.equal(failed, 'keys_unavailable');
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
