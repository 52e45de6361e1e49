import { assert, describe, test } from 'vitest';
import { createMiddleware, type MiddlewareOptions } from '../../../adapters/vercel/index.ts';
import { compilePolicy } from '../../../core/index.ts';
import { HOST } from '../../support/issuer.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { ASSERTION, admin, nextWith, options, passedHeaders, requestWith, token } from './support.ts';

const FOR = `${ASSERTION}-for`;
const sent = { [ASSERTION]: token, [FOR]: admin, authorization: `Bearer ${token}`, 'x-kept': '1' };
const callers = compilePolicy({ allow: { or: [{ accept: true }] } });
const given: MiddlewareOptions = { ...options, onBehalfOf: { audience: HOST, keys: options.keys, callers } };

/** The headers that a rewrite to there takes along. */
async function rewritten(target: string, more: MiddlewareOptions = {}, wanted?: Record<string, string>) {
  const rewrite = { 'x-middleware-rewrite': target };
  const own = () => (wanted ? nextWith(wanted, rewrite) : new Response(null, { headers: rewrite }));
  const answer = await createMiddleware({ ...given, ...more }, own)(requestWith(sent));
  assert.equal(answer.headers.get('x-middleware-rewrite'), target);
  return passedHeaders(answer);
}

describe('a rewrite', () => {
  for (const target of ['https://app.vercel.app/other', '/other']) {
    test(`to ${target}, in the app, takes the assertion along`, async () => {
      assert.deepEqual(await rewritten(target), sent);
    });
  }

  const elsewhere = [
    'https://third.test/',
    'http://app.vercel.app/',
    'https://app.vercel.app:8443/',
    '//third.test/',
    'http://',
  ];
  for (const target of elsewhere) {
    test(`to ${target}, another origin, takes no assertion along, wherever it stands`, async () => {
      assert.deepEqual(await rewritten(target), { 'x-kept': '1' });
      assert.deepEqual(await rewritten(target, {}, sent), { 'x-kept': '1' }, 'nor where one’s own middleware names it');
    });
  }

  test('to another origin takes no assertion along that stands beside other credentials', async () => {
    const wanted = { ...sent, authorization: `Bearer theirs, Bearer ${token}` };
    assert.deepEqual(await rewritten('https://third.test/', {}, wanted), { 'x-kept': '1' });
  });

  test('to another origin keeps credentials of somebody else', async () => {
    const wanted = { authorization: 'Bearer theirs' };
    assert.deepEqual(await rewritten('https://third.test/', {}, wanted), wanted);
  });

  test('to another origin takes the assertion along where keepAssertionOnRewrite says so', async () => {
    assert.deepEqual(await rewritten('https://third.test/', { keepAssertionOnRewrite: true }), sent);
    assert.deepEqual(await rewritten('https://third.test/', { keepAssertionOnRewrite: false }), { 'x-kept': '1' });
    assertMisconfigured(
      () => createMiddleware({ keepAssertionOnRewrite: 'false' } as never),
      /keepAssertionOnRewrite must be true or false/,
    );
  });
});
