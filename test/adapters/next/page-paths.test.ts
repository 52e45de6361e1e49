import { NextRequest } from 'next/server.js';
import { afterEach, assert, describe, test } from 'vitest';
import { pagePaths } from '../../../adapters/next/page-paths.ts';
import { readPath } from '../../../core/gate/path.ts';

// The requests are those that the proxies of real apps got; test/e2e/next/paths.test.ts shows what Next.js serves for them.

const i18n = { locales: ['en', 'fr'], defaultLocale: 'en' };
const DATA = '/_next/data/ID';

interface App {
  readonly basePath?: string;
  readonly i18n?: typeof i18n;
  readonly trailingSlash?: boolean;
  readonly assetPrefix?: string;
  readonly skipProxyUrlNormalize?: boolean;
}

/** What `next build` writes into the code of the proxy. */
function setBuildVariables({ assetPrefix, skipProxyUrlNormalize }: App = {}): void {
  delete process.env['__NEXT_ASSET_PREFIX'];
  delete process.env['__NEXT_NO_MIDDLEWARE_URL_NORMALIZE'];
  if (assetPrefix) process.env['__NEXT_ASSET_PREFIX'] = assetPrefix;
  if (skipProxyUrlNormalize) process.env['__NEXT_NO_MIDDLEWARE_URL_NORMALIZE'] = 'true';
}
afterEach(() => setBuildVariables());

function pathsIn(app: App, path: string, headers: Record<string, string> = {}): string[] {
  setBuildVariables(app);
  const { basePath = '', i18n, trailingSlash = false } = app;
  const nextConfig = { basePath, trailingSlash, ...(i18n && { i18n }) };
  return pagePaths(new NextRequest(`http://localhost:3000${path}`, { headers, nextConfig }));
}

const isDataRequest = { 'x-nextjs-data': '1' };
const skipped = { skipProxyUrlNormalize: true };

describe('pagePaths()', () => {
  const ordinary: [name: string, app: App, path: string, route: string][] = [
    ['a page', {}, '/legacy?x=1', '/legacy'],
    ['the root', {}, '/', '/'],
    ['a page in an app that has no locales', {}, '/fr/legacy', '/fr/legacy'],
    ['an encoded path', {}, '/a%20b/%E6%9D%8E', '/a%20b/%E6%9D%8E'],
    ['a page with trailingSlash', { trailingSlash: true }, '/legacy/', '/legacy/'],
    ['a page of a locale', { i18n }, '/fr/legacy', '/legacy'],
    ['the root of a locale', { i18n }, '/fr', '/'],
    ['what looks like a locale and is not configured', { i18n }, '/de/legacy', '/de/legacy'],
    ['a locale below a locale', { i18n }, '/fr/en/legacy', '/en/legacy'],
    ['a page below basePath', { basePath: '/docs' }, '/docs/legacy', '/legacy'],
    ['a page of the name of basePath', { basePath: '/docs' }, '/docs/docs/legacy', '/docs/legacy'],
    ['a page below basePath, of the default locale', { basePath: '/docs', i18n }, '/docs/legacy', '/legacy'],
    ['a page of the name of basePath, of a locale', { basePath: '/docs', i18n }, '/docs/fr/docs/x', '/docs/x'],
    ['a page below what is assetPrefix, without i18n', { assetPrefix: '/cdn', ...skipped }, '/cdn/x', '/cdn/x'],
  ];
  for (const [name, app, path, route] of ordinary) {
    test(`the only path of ${name} is its route`, () => assert.deepEqual(pathsIn(app, path), [route]));
  }

  const basePathAndLocale: [path: string, route: string][] = [
    ['/fr/docs/fr', '/'],
    ['/fr/docs/fr/legacy', '/legacy'],
    ['/fr/docs/FR/legacy', '/legacy'],
    ['/fr/docs/fr/docs/legacy', '/docs/legacy'],
  ];
  for (const [path, route] of basePathAndLocale) {
    test(`with basePath and i18n, ${path} as Next.js shows it is ${route}`, () =>
      assert.deepEqual(pathsIn({ basePath: '/docs', i18n }, path), [route]));
  }

  const leftData: [app: App, path: string, route: string][] = [
    [{}, `${DATA}/legacy.json`, '/legacy'],
    [{}, `${DATA}/index.json`, '/'],
    [{}, `${DATA}/index/legacy.json`, '/legacy'],
    [{}, `${DATA}/index/index.json`, '/index'],
    [{}, `${DATA}/indexes.json`, '/indexes'],
    [{}, `${DATA}/fr/legacy.json`, '/fr/legacy'],
    [{ i18n }, `${DATA}/fr/legacy.json`, '/legacy'],
    [{ i18n }, `${DATA}/fr.json`, '/'],
    [{ i18n }, `${DATA}/de/legacy.json`, '/de/legacy'],
    [{ basePath: '/docs' }, `/docs${DATA}/legacy.json`, '/legacy'],
    [{ basePath: '/docs' }, `/docs${DATA}/docs/legacy.json`, '/docs/legacy'],
    [{ basePath: '/docs', i18n }, `/docs${DATA}/fr/legacy.json`, '/legacy'],
  ];
  for (const [app, path, route] of leftData) {
    test(`a data URL that skipProxyUrlNormalize leaves is its page: ${path} with ${Object.keys(app)} is ${route}`, () =>
      assert.deepEqual(pathsIn({ ...app, ...skipped }, path, isDataRequest), [route]));
  }

  const unknown: [name: string, app: App, path: string, headers?: Record<string, string>][] = [
    ['a locale', { i18n }, `/fr${DATA}/legacy.json`],
    ['a locale, with one in it', { i18n }, `/fr${DATA}/fr/legacy.json`],
    ['the default locale', { i18n }, `/en${DATA}/en/legacy.json`],
    ['a locale, with skipProxyUrlNormalize', { i18n, ...skipped }, `/fr${DATA}/legacy.json`],
    ['a locale, with basePath', { basePath: '/docs', i18n }, `/fr/docs/fr${DATA}/legacy.json`],
    ['the default locale, with basePath', { basePath: '/docs', i18n }, `/docs/en${DATA}/legacy.json`],
    ['assetPrefix', { assetPrefix: '/cdn' }, `/cdn${DATA}/legacy.json`],
    ['assetPrefix, in another case', { assetPrefix: '/cdn' }, '/cdn/_NEXT/data/ID/legacy.json'],
    ['assetPrefix, with i18n', { assetPrefix: '/cdn', i18n }, `/cdn${DATA}/fr/legacy.json`],
    ['assetPrefix, outside of basePath', { assetPrefix: '/cdn', basePath: '/docs' }, `/cdn${DATA}/legacy.json`],
    ['another data URL', skipped, `${DATA}${DATA}/legacy.json.json`],
    ['another data URL and a locale', { i18n, ...skipped }, `${DATA}/fr${DATA}/fr/legacy.json.json`],
    ['another, which Next.js took off', { basePath: '/docs', i18n }, `/docs${DATA}/zz/deep/1.json`],
    ['two others, which Next.js took off', { basePath: '/docs', i18n }, `/docs${DATA}${DATA}/ap/1.json.json`],
    ['another, with trailingSlash', { trailingSlash: true }, `/x${DATA}/legacy.json/`],
    ['others of which nothing is left', { i18n }, '/', isDataRequest],
  ];
  for (const [name, app, path, headers] of unknown) {
    test(`a data URL behind ${name} is a path that no rule can read`, () => {
      const paths = pathsIn(app, path, headers);
      assert.lengthOf(paths, 1);
      assert.isNull(readPath(paths[0] ?? ''));
    });
  }

  const several: [name: string, app: App, path: string, paths: string[]][] = [
    ['a page', { i18n }, '/fr/zz/deep/1', ['/zz/deep/1', '/deep/1']],
    ['a page with trailingSlash', { i18n, trailingSlash: true }, '/zz/deep/1/', ['/zz/deep/1/', '/deep/1/']],
    ['a page at the root', { i18n }, '/legacy', ['/legacy', '/']],
    ['a page below basePath', { basePath: '/docs', i18n }, '/fr/docs/fr/zz/deep/1', ['/zz/deep/1', '/deep/1']],
  ];
  for (const [name, app, path, paths] of several) {
    test(`with i18n, the data of ${name} may also be that of the path without its first segment`, () => {
      assert.deepEqual(pathsIn(app, path, isDataRequest), paths);
      assert.deepEqual(pathsIn(app, path), paths.slice(0, 1), 'no data is asked for');
    });
  }

  const prefixed: [assetPrefix: string, path: string, paths: string[]][] = [
    ['/cdn', '/cdn/legacy', ['/cdn/legacy', '/legacy']],
    ['/cdn', '/cdn', ['/cdn', '/']],
    ['/cdn/', '/cdn/deep/1', ['/cdn/deep/1', '/deep/1']],
    ['/cdn', '/cdns/legacy', ['/cdns/legacy']],
    ['https://cdn.example.com/cdn', '/cdn/legacy', ['/cdn/legacy']],
  ];
  for (const [assetPrefix, path, paths] of prefixed) {
    test(`with i18n and skipProxyUrlNormalize, ${path} with assetPrefix ${assetPrefix} is served as ${paths.at(-1)}`, () =>
      assert.deepEqual(pathsIn({ assetPrefix, i18n, ...skipped }, path), paths));
  }
});
