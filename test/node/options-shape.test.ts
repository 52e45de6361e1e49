import { Hono } from 'hono';
import { assert, describe, test } from 'vitest';
import * as lambda from '../../adapters/aws-lambda/index.ts';
import * as cloudflare from '../../adapters/cloudflare/index.ts';
import { pomerium } from '../../adapters/hono/index.ts';
import * as next from '../../adapters/next/index.ts';
import * as vercel from '../../adapters/vercel/index.ts';
import { compilePolicy, staticKeys } from '../../core/index.ts';
import { withConsoleLines } from '../support/console-lines.ts';
import { ASSERTION, key, SENDERS } from '../support/gate.ts';
import { HOST, jwks, NOW } from '../support/issuer.ts';
import { withProcessEnvironment } from '../support/process-environment.ts';
import { assertMisconfigured } from '../support/verifying.ts';

/** With a policy that Alice does not meet: where it is left out, she gets in. */
const ADMINS = {
  audience: HOST,
  keys: staticKeys(jwks(key)),
  now: () => NOW,
  policy: compilePolicy({ allow: { or: [{ groups: 'admins' }] } }),
};

const NO_OPTIONS: [name: string, value: unknown, message: RegExp][] = [
  ['a promise', Promise.resolve(ADMINS), /Options must be a plain object.* a promise.*must not be async/],
  ['a Map', new Map(Object.entries(ADMINS)), /Options must be a plain object/],
  ['a list', [ADMINS], /Options must be a plain object/],
  ['a number', 1, /Options must be a plain object/],
  ['text', '', /Options must be a plain object/],
  ['null', null, /Options must be a plain object/],
  ['a prototype', Object.create(ADMINS), /Options must be a plain object/],
];

const ENV = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)), POMERIUM_JWKS_SSM: '/keys' };
const handler = () => new Response('in');
const never = (value: unknown) => value as never;

const ENTRIES: [name: string, make: (options: never) => unknown][] = [
  ['withPomerium() of Lambda', (options) => lambda.withPomerium(handler, options)],
  ['pomeriumMiddleware()', lambda.pomeriumMiddleware],
  ['createAuthorizer()', lambda.createAuthorizer],
  ['createEdgeHandler()', lambda.createEdgeHandler],
  ['createRefresher()', lambda.createRefresher],
  ['withPomerium() of Vercel', (options) => vercel.withPomerium(handler, options)],
  ['createMiddleware()', (options) => vercel.createMiddleware(options)],
  ['createRefreshRoute()', vercel.createRefreshRoute],
  ['createProxy()', (options) => next.createProxy(options)],
  ['createIdentityFunctions()', next.createIdentityFunctions],
  ['pomerium() of Hono', (options) => pomerium(options)],
];

for (const [entry, make] of ENTRIES) {
  describe(`${entry} refuses at once`, () => {
    for (const [name, value, message] of NO_OPTIONS) {
      test(name, () => withProcessEnvironment(ENV, () => assertMisconfigured(() => make(never(value)), message)));
    }
  });
}

describe('where the options come from a function, or are read with the first request, everything is refused for', () => {
  const ctx = { waitUntil: () => {} };
  const request = () => new Request(`https://${HOST}/`, { headers: { [ASSERTION]: SENDERS.alice[ASSERTION] } });
  type Ask = (value: unknown) => Response | Promise<Response>;
  const cases: [entry: string, ask: Ask][] = [
    [
      'pomerium() of Hono',
      (value) =>
        new Hono()
          .use(pomerium(never(() => value)))
          .get('/', handler)
          .fetch(request(), ENV),
    ],
    [
      'withPomerium() of Cloudflare',
      (value) => cloudflare.withPomerium({ fetch: handler }, never(value)).fetch(request(), ENV, ctx),
    ],
    [
      'withPomerium() of Cloudflare with a function',
      (value) =>
        cloudflare
          .withPomerium(
            { fetch: handler },
            never(() => value),
          )
          .fetch(request(), ENV, ctx),
    ],
    ['createGuard()', (value) => cloudflare.createGuard(never(value)).fetch(request(), ENV, ctx)],
    ['createGuard() with a function', (value) => cloudflare.createGuard(never(() => value)).fetch(request(), ENV, ctx)],
    [
      'createOnRequest() with a function',
      (value) =>
        cloudflare.createOnRequest(never(() => value))({
          ...ctx,
          request: request(),
          env: ENV,
          data: {},
          next: async () => handler(),
        }),
    ],
  ];
  for (const [entry, ask] of cases) {
    for (const [name, value, message] of NO_OPTIONS) {
      test(`${entry}: ${name}`, async () => {
        const { result, lines } = await withConsoleLines(() =>
          withProcessEnvironment(ENV, async () => {
            assert.equal((await ask(ADMINS)).status, 403);
            return ask(value);
          }),
        );
        assert.equal(result.status, 500);
        assert.match(JSON.stringify(lines), message);
      });
    }
  }

  test('pomerium() of Hono, although the same function gave good options before', async () => {
    const given: unknown[] = [{}, Promise.resolve(ADMINS), {}];
    const app = new Hono().use(pomerium(never(() => given.shift())));
    app.get('/', handler);
    const { result } = await withConsoleLines(() =>
      withProcessEnvironment(ENV, async () => {
        const statuses: number[] = [];
        for (let i = 0; i < 3; i++) statuses.push((await app.fetch(request(), ENV)).status);
        return statuses;
      }),
    );
    // An assertion of another time than that of the process: 401 is an answer of a gate that works.
    assert.deepEqual(result, [401, 500, 401]);
  });
});

describe('requireIdentity() refuses', () => {
  const { requireIdentity } = next.createIdentityFunctions({ ...ADMINS, policy: undefined } as never);
  for (const [name, value, message] of [
    ...NO_OPTIONS,
    ['a misspelt policy', { polcy: ADMINS.policy }, /policy/] as const,
  ]) {
    test(name, async () => {
      const error = await requireIdentity(never(value)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.match(String(error), message);
    });
  }
});

describe('a policy that asks about the request is for createProxy(), as getIdentity() says', () => {
  const policy = { allow: { or: [{ http_path: '/x' }] } };
  const advice = /write it as one of the rules of createProxy\(\)/;

  test('of the options, at once', () => {
    assertMisconfigured(() => next.createIdentityFunctions({ ...ADMINS, policy: compilePolicy(policy) }), advice);
  });

  test('of the environment, with the first request', async () => {
    const env = { ...ENV, POMERIUM_POLICY: JSON.stringify(policy) };
    const { result, lines } = await withConsoleLines(() =>
      withProcessEnvironment(env, async () => {
        const { getIdentity } = next.createIdentityFunctions();
        return getIdentity({ headers: SENDERS.alice }).then(String, String);
      }),
    );
    assert.match(result, advice);
    assert.match(JSON.stringify(lines), advice);
  });
});
