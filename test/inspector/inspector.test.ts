import { assert, describe, test } from 'vitest';
import { staticKeys } from '../../core/index.ts';
import { createInspector } from '../../inspector/index.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { NOW } from '../support/issuer.ts';
import { assertMisconfigured } from '../support/verifying.ts';

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

  test('explains one that is pasted, and says how to mend it', async () => {
    const body = new URLSearchParams({ assertion: `  ${await issuer.sign({ aud: 'other.example.com' })}\n` });
    const { page } = await ask({}, { method: 'POST', body });
    assert.include(page, '✗ Refused');
    assert.match(page, /set audience to it \(POMERIUM_AUDIENCE\)/);
  });

  test('without any says so', async () => {
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
