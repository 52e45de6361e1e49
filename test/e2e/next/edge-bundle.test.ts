import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { makeApp } from './apps.ts';

const LAYOUT = 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;';
const PAGE = 'export default () => <p>page</p>;';

/** A middleware that does nothing, and the gate. */
const empty = makeApp('16', 'edge-empty', {
  'app/layout.js': LAYOUT,
  'app/page.js': PAGE,
  'middleware.js': 'export function middleware() {}',
});
const gated = makeApp('16', 'edge-gated', {
  'app/layout.js': LAYOUT,
  'app/page.js': PAGE,
  'middleware.js': `
    import { createProxy } from 'pomerium-edge/next';
    export const middleware = createProxy({ rules: [{ path: '/', access: 'public' }, { prefix: '/', access: 'authenticated' }] });`,
});

/** All JavaScript of the Edge runtime: of these apps, their middleware alone. */
function edgeBundle(folder: string): { text: string; gzipped: number } {
  const text = globSync('.next/server/edge/**/*.js', { cwd: folder })
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  return { text, gzipped: gzipSync(text).length };
}

describe('the Edge bundle of a middleware.ts app', () => {
  beforeAll(async () => {
    for (const app of [empty, gated]) assert.equal((await app.build()).code, 0);
  });
  afterAll(() => {
    for (const app of [empty, gated]) app.remove();
  });

  test('grows by at most 53.4 kB gzipped over an empty middleware, as the guard may have', () => {
    const growth = edgeBundle(gated.folder).gzipped - edgeBundle(empty.folder).gzipped;
    console.info(`createProxy() in the Edge bundle: ${(growth / 1000).toFixed(1)} kB gzipped`);
    assert.isAtLeast(growth, 5_000, 'it is there');
    assert.isAtMost(growth, 53_400);
  });

  test('holds the gate, with WebCrypto, and nothing of what is for the other side of it', () => {
    const { text } = edgeBundle(gated.folder);
    assert.include(text, 'x-pomerium-jwt-assertion');
    assert.match(text, /subtle\.verify/);
    for (const strange of ['createPublicKey', 'not known behind the gate', 'RUNTIME_CACHE_ENDPOINT', 'api.vercel.com'])
      assert.notInclude(text, strange);
  });
});
