import { assert, describe, test } from 'vitest';
import {
  createAuth,
  createGuard,
  createOnRequest,
  type KvNamespace,
  kvStore,
  type OptionsFor,
  verifyThrough,
  withPomerium,
} from '../../../adapters/cloudflare/index.ts';
import { type PomeriumEvent, staticKeys, type VerifierOptions } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, makeKey, NOW } from '../../support/issuer.ts';

interface Env {
  readonly POMERIUM_AUDIENCE: string;
  readonly [name: string]: unknown;
}
type Options = Pick<VerifierOptions, 'keys' | 'now' | 'onEvent'>;
type Ask = (env: Env) => Promise<string>;

const ctx = { waitUntil: () => {} };
const request = () => new Request(`https://${HOST}/x`, { headers: SENDERS.alice });

/** The code of a refusal, or `in`. */
async function answerOf(response: Response | Promise<Response>): Promise<string> {
  const { status, ok, body } = await response;
  await body?.cancel();
  return ok ? 'in' : `${status}`;
}

/** Everything that keeps what it made from an environment. */
const CALLERS: Record<string, (options: OptionsFor<Options, Env>) => Ask> = {
  withPomerium: (options) => {
    const worker = withPomerium<Env>({ fetch: () => new Response('in') }, options);
    return (env) => answerOf(worker.fetch(request(), env, ctx));
  },
  createOnRequest: (options) => {
    const onRequest = createOnRequest<Env>(options);
    const next = async () => new Response('in');
    return (env) => answerOf(onRequest({ request: request(), env, data: {}, next, ...ctx }));
  },
  createGuard: (options) => {
    const guard = createGuard<Env>(options);
    return (env) => answerOf(guard.fetch(request(), env, ctx));
  },
  createAuth: (options) => {
    // A runtime makes an entrypoint for each call.
    const Auth = createAuth<Env>(options);
    return async (env) => {
      const { refusal } = await verifyThrough(new Auth(ctx, env), request());
      return refusal ? `${refusal.status}` : 'in';
    };
  },
};

const base: Env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: jwks(key), POMERIUM_JWKS_KV: {} };

/** An environment as Sentry's and OpenTelemetry's wrappers hand it over: bindings are other objects each time, too. */
function instrument(env: Env): Env {
  return new Proxy(env, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      return typeof value === 'object' && value !== null ? new Proxy(value, {}) : value;
    },
  });
}

const HANDED_OVER: [name: string, of: (env: Env) => Env][] = [
  ['the same object', (env) => env],
  ['a copy', (env) => ({ ...env })],
  ['a proxy', instrument],
  ['a copy with something of the request', (env) => ({ ...env, REQUEST_ID: crypto.randomUUID() })],
];

/** Whether each request met a verifier that had verified its assertion before. */
function recorder() {
  const cached: boolean[] = [];
  const onEvent = (event: PomeriumEvent) => {
    if (event.type === 'assertion_verified') cached.push(event.cached);
  };
  return { cached, onEvent };
}

for (const [caller, make] of Object.entries(CALLERS)) {
  describe(`${caller}, of which each request brings an environment`, () => {
    for (const [name, of] of HANDED_OVER) {
      for (const kind of ['an object', 'a function'] as const) {
        test(`that is ${name}, makes one gate for all of the same content; options are ${kind}`, async () => {
          const { cached, onEvent } = recorder();
          const ask = make(kind === 'an object' ? { now: () => NOW, onEvent } : () => ({ now: () => NOW, onEvent }));
          for (let i = 0; i < 3; i++) assert.equal(await ask(of(base)), 'in');
          assert.deepEqual(cached, [false, true, true]);
          const { result } = await withConsoleLines(() => ask({ ...of(base), POMERIUM_AUDIENCE: 'other.example.com' }));
          assert.equal(result, '401', 'and another one for another content');
          assert.equal(await ask(of(base)), 'in');
        });
      }
    }

    test('calls an options function once for each object, and compares what it returns', async () => {
      const strange = staticKeys(jwks(await makeKey()));
      const good = staticKeys(jwks(key));
      let calls = 0;
      const ask = make(({ STRANGE }) => {
        calls += 1;
        return { now: () => NOW, keys: STRANGE ? strange : good };
      });
      const [mine, another] = [{ POMERIUM_AUDIENCE: HOST }, { POMERIUM_AUDIENCE: HOST, STRANGE: true }];
      for (let i = 0; i < 2; i++) {
        assert.equal(await ask(mine), 'in');
        assert.equal((await withConsoleLines(() => ask(another))).result, '401');
      }
      assert.equal(calls, 2);
    });

    test('refuses where an options function throws, and goes on for the others', async () => {
      const ask = make(({ BROKEN }) => {
        if (BROKEN) throw new Error('no options');
        return { now: () => NOW };
      });
      const broken = () => ask({ ...base, BROKEN: true }).catch((error: Error) => error.message);
      for (let i = 0; i < 2; i++) {
        assert.include(['500', 'no options'], (await withConsoleLines(broken)).result);
        assert.equal(await ask({ ...base }), 'in');
      }
    });
  });
}

test('createGuard sends each request to the service binding of its own environment', async () => {
  const guard = createGuard<Env>({ now: () => NOW });
  const chosen = createGuard<Env>(({ TO }) => ({ now: () => NOW, upstream: TO as never }));
  for (const name of ['one', 'two', 'one']) {
    const service = { fetch: async () => new Response(name) };
    const bound = await guard.fetch(request(), { ...base, POMERIUM_UPSTREAM: service }, ctx);
    assert.equal(await bound.text(), name);
    assert.equal(await (await chosen.fetch(request(), { ...base, TO: service }, ctx)).text(), name);
  }
});

describe('kvStore', () => {
  const namespace = (): KvNamespace => ({ get: async () => null, put: async () => {} });

  test('is the same store for the same namespace', () => {
    const [one, another] = [namespace(), namespace()];
    assert.equal(kvStore(one), kvStore(one));
    assert.notEqual(kvStore(one), kvStore(another));
  });

  test('of what is no namespace fails when it is used, which costs no request', async () => {
    for (const nothing of [undefined, null, 'jwks']) {
      const store = kvStore(nothing as never);
      const failure = await Promise.resolve(store.getItem('k')).catch((error) => error);
      assert.instanceOf(failure, TypeError);
    }
  });
});
