import { assert, describe, test } from 'vitest';
import { createVerifier, staticKeys } from '../../core/index.ts';
import { createInspector } from '../../inspector/index.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { assertHarmless, ESCAPED_NAME, FOREIGN_NAME } from '../support/foreign.ts';
import { NOW, signText } from '../support/issuer.ts';
import { assertMisconfigured, codeOf } from '../support/verifying.ts';

const now = () => NOW;
const issuer = await createTestIssuer({ now });
const options = { audience: issuer.host, keys: staticKeys(issuer.jwks()), now };
const inspector = createInspector(options);
const ask = async (headers: Record<string, string>, init: RequestInit = {}) => {
  const response = await inspector(new Request('http://127.0.0.1/inspector', { headers, ...init }));
  return { response, page: await response.text() };
};

describe('createInspector()', () => {
  test('explains the assertion that the request brought, and shows its headers', async () => {
    const { page, response } = await ask({ 'x-pomerium-jwt-assertion': await issuer.sign(), 'x-other': 'kept' });
    assert.equal(response.status, 200);
    assert.include(page, '✓ Valid');
    assert.include(page, 'alice@example.com');
    assert.include(page, `data-ends="${NOW + 300}"`);
    assert.match(page, /x-other<\/th><td>kept/);
  });

  test('explains one that is pasted, and says how to fix it', async () => {
    const body = new URLSearchParams({ assertion: `  ${await issuer.sign({ aud: 'other.example.com' })}\n` });
    const { page } = await ask({}, { method: 'POST', body });
    assert.include(page, '✗ Refused');
    assert.match(page, /set audience to it \(POMERIUM_AUDIENCE\)/);
  });

  test('of several Pomeriums, says what the verifier says of an issuer that is not the audience’s', async () => {
    const keys = staticKeys(issuer.jwks());
    const audience = [issuer.host, 'other.example.com'];
    const issuers = { [issuer.host]: keys, 'other.example.com': keys };
    const token = await issuer.sign({ iss: 'other.example.com' });
    const verifier = createVerifier({ audience, issuers, now });
    assert.equal(await codeOf(() => verifier.verify(token)), 'issuer_mismatch');
    const headers = { 'x-pomerium-jwt-assertion': token };
    const response = await createInspector({ audience, issuers, now })(new Request('http://127.0.0.1/', { headers }));
    assert.include(await response.text(), '✗ Refused');
  });

  test('finds it in what is pasted around it', async () => {
    const body = new URLSearchParams({ assertion: `"authorization": "Bearer ${await issuer.sign()}",` });
    assert.include((await ask({}, { method: 'POST', body })).page, '✓ Valid');
  });

  test('says so where the request has no assertion', async () => {
    assert.match((await ask({})).page, /The request carries no assertion/);
  });

  test('writes nothing as HTML that came from outside', async () => {
    const evil = '</textarea><script>alert(1)</script><img src=x onerror=alert(1)>"\'&';
    const token = await issuer.sign({ name: evil, [evil]: evil });
    for (const { page } of [
      await ask({ 'x-pomerium-jwt-assertion': token, 'x-evil': evil }),
      await ask({}, { method: 'POST', body: new URLSearchParams({ assertion: evil }) }),
    ]) {
      assert.notInclude(page, '<script>alert');
      assert.notInclude(page, '<img');
      assert.lengthOf(page.match(/<script/g) ?? [], 1);
    }
  });

  test('escapes names and values that would move the page’s text, or a terminal’s', async () => {
    const token = await issuer.sign({ [FOREIGN_NAME]: FOREIGN_NAME }, { header: { [FOREIGN_NAME]: 1 } });
    const { page } = await ask({ 'x-pomerium-jwt-assertion': token });
    assertHarmless(page);
    assert.lengthOf(page.split(`<th scope="row">${ESCAPED_NAME}</th>`), 3, 'in the header and in the claims');
  });

  test('shows a time that no calendar has as a number', async () => {
    const { page } = await ask({ 'x-pomerium-jwt-assertion': await issuer.sign({ exp: 9_007_199_254_740_991 }) });
    assert.include(page, '<td>9007199254740991</td>');
    const key = issuer.keys[0] ?? assert.fail();
    const infinite = await signText(key, JSON.stringify({ alg: 'ES256', kid: key.kid }), '{"exp":1e999}');
    assert.include((await ask({ 'x-pomerium-jwt-assertion': infinite })).page, '<td>Infinity</td>');
  });

  test('its policy lets in its own style and script alone, and nothing from elsewhere', async () => {
    const { page, response } = await ask({});
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /^default-src 'none'/);
    for (const [directive, tag] of [
      ['style-src', 'style'],
      ['script-src', 'script'],
    ] as const) {
      const [, text = ''] = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(page) ?? [];
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
      assert.include(policy, `${directive} 'sha256-${btoa(String.fromCharCode(...digest))}'`);
    }
    assert.notMatch(page, /(src|href)="(https?:)?\/\//);
    assert.equal(response.headers.get('cache-control'), 'no-store');
  });

  test('refuses options that the verifier would, and production', () => {
    assertMisconfigured(() => createInspector({ audience: 'https://a.test/' }), /audience/);
    const { NODE_ENV } = process.env;
    process.env['NODE_ENV'] = 'production';
    try {
      assertMisconfigured(() => createInspector(options), /NODE_ENV is production/);
    } finally {
      process.env['NODE_ENV'] = NODE_ENV ?? 'test';
    }
  });
});
