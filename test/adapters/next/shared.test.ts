import { NextRequest } from 'next/server.js';
import { assert, describe, test, vi } from 'vitest';
import * as bundle from '../../../adapters/next/index.ts';
import { shared, toOwnError } from '../../../adapters/vercel/shared.ts';
import { PomeriumError } from '../../../core/index.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { HOST, jwks, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';
import { ASSERTION, key, logOf } from '../vercel/support.ts';

const event = { waitUntil: () => {} } as never;
const late = { [ASSERTION]: await sign(key, { iat: 0, exp: 9e9 }) };
const start = () => Origin.start(jwksAnswer(jwks(key)));

// Copies of the package in one process, as Next.js bundles it.
vi.resetModules();
const other: typeof bundle = await import('../../../adapters/next/index.ts');
const { PomeriumError: OtherError } = await import('../../../core/index.ts');

describe('what the bundles of one process share', () => {
  test('is told apart by environment and options; the keys of a URL are the same for all', async () => {
    const [one, another] = [await start(), await start()];
    const ask = async (url: string, options: Parameters<typeof bundle.createIdentityFunctions>[0]) => {
      const { getIdentity } = bundle.createIdentityFunctions(options);
      const ask = () => getIdentity({ headers: late });
      return (await withProcessEnvironment({ POMERIUM_JWKS_URL: url }, ask))?.subject;
    };
    for (const { url } of [one, another, one]) {
      assert.equal(await ask(url, { audience: HOST }), 'u-alice');
      assert.equal(await ask(url, { audience: [HOST], log: false }), 'u-alice');
      assert.equal(await ask(url, { audience: HOST, onEvent: () => {} }), 'u-alice');
    }
    assert.deepEqual([await one.count(), await another.count()], [1, 1], 'the keys of a URL are one set for all');
    assert.isUndefined(await ask(one.url, { audience: 'other.corp.example.com', issuer: HOST, log: false }));
    assert.equal(await ask(one.url, { audience: HOST, maxTokenAge: 1e10 }), 'u-alice');
    assert.isUndefined(await ask(one.url, { audience: HOST, maxTokenAge: 1, log: false }));
  });

  const rules = [
    { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
    { prefix: '/', access: 'authenticated' as const },
  ];
  const orders: [name: string, first: typeof bundle, second: typeof bundle][] = [
    ['the proxy before the pages', bundle, other],
    ['the pages before the proxy', other, bundle],
  ];
  for (const [name, first, second] of orders) {
    test(`are keys, with rules of its own in each: ${name}`, async () => {
      const origin = await start();
      await withProcessEnvironment({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url }, async () => {
        for (const { createProxy, createIdentityFunctions } of [first, second]) {
          const proxy = createProxy({ rules, onRefused: () => undefined });
          const ask = (path: string) => proxy(new NextRequest(`https://app.test${path}`, { headers: late }), event);
          assert.equal((await ask('/')).status, 200);
          assert.equal((await createIdentityFunctions().getIdentity({ headers: late }))?.subject, 'u-alice');
          const { result, lines } = await logOf(() => ask('/admin'));
          assert.equal(result.status, 403);
          const { code, request } = JSON.parse(String(lines));
          assert.deepEqual([code, request], ['policy_denied', { method: 'GET', path: '/admin' }]);
        }
      });
      assert.equal(await origin.count(), 1);
    });
  }

  test('are verdicts: what the proxy verified, pages do not verify again', async () => {
    const origin = await start();
    const { lines } = await logOf(() =>
      withProcessEnvironment({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url }, async () => {
        await bundle.createProxy({ logSubject: true })(new NextRequest('https://app.test/', { headers: late }), event);
        await other.createIdentityFunctions({ logSubject: true }).getIdentity({ headers: late });
      }),
    );
    assert.deepEqual(
      lines.map((line) => JSON.parse(String(line)).cached),
      [false, true],
    );
  });

  test('are refusals, each as an error of one’s own copy', async () => {
    assert.notEqual<unknown>(OtherError, PomeriumError);
    const origin = await Origin.start({ status: 500 });
    await withProcessEnvironment({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url }, async () => {
      for (const [{ createIdentityFunctions }, Own] of [
        [bundle, PomeriumError],
        [other, OtherError],
      ] as const) {
        const { result } = await logOf(() =>
          createIdentityFunctions()
            .getIdentity({ headers: late })
            .catch((e) => e),
        );
        assert.instanceOf(result, Own);
        assert.equal((result as PomeriumError).code, 'keys_unavailable');
      }
    });
  });

  test('is kept under this version’s own name', () => {
    shared('test', () => 'x');
    assert.isTrue(Symbol.for(`pomerium-edge ${manifest.version}`) in globalThis);
  });

  test('an error of another bundle’s copy is known as ours, with all it says', () => {
    const details = {
      code: 'keys_unavailable',
      expected: 'e',
      received: 'r',
      path: 'p',
      retryAfter: 7,
      subject: 'on-behalf-of',
    };
    const strange = Object.assign(new Error('why'), { name: 'PomeriumError', status: 503, ...details });
    const own = toOwnError(strange) as PomeriumError;
    assert.instanceOf(own, PomeriumError);
    assert.equal(own.cause, strange);
    const { code, status, message, expected, received, path, retryAfter, subject } = own;
    assert.deepEqual<object>({ code, expected, received, path, retryAfter, subject }, details);
    assert.deepEqual([status, message], [503, 'why']);
    assert.notInclude(Object.keys(own), 'subject');
    const mine = new TypeError('mine');
    assert.equal(toOwnError(mine), mine);
  });
});
