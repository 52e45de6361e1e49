import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { startStandIn } from '../../../scripts/start/stand-in.ts';
import { HOST, jwks, sign } from '../../support/issuer.ts';
import { sendRaw } from '../raw-request.ts';
import { type App, makeApp } from './apps.ts';

const { key, close } = await startStandIn({});
afterAll(close);

const now = Math.floor(Date.now() / 1000);
const headersFor = async (groups: string[]): Promise<[string, string][]> => [
  ['x-pomerium-jwt-assertion', await sign(key, { iat: now, exp: now + 3600, groups })],
];
const alice = await headersFor(['staff']);
const admin = await headersFor(['admins']);

const PROXY = `
  import { createProxy } from 'pomerium-edge/next';
  const access = { allow: { or: [{ groups: 'admins' }] } };
  export const proxy = createProxy({
    rules: [{ path: '/legacy', access }, { prefix: '/_next', access: 'public' }, { prefix: '/', access: 'authenticated' }],
  });`;
const PAGE = `
  export const getServerSideProps = async () => ({ props: { secret: 'ADMIN-SECRET' } });
  export default function Legacy({ secret }) { return secret; }`;

const i18n = "i18n: { locales: ['en', 'fr'], defaultLocale: 'en' }";

/** Each setting, the page as its links have it, and the data URL that Next's own client asks for. */
const SETTINGS: [name: string, config: string, page: string, data: string][] = [
  ['i18n', i18n, '/fr/legacy', '/_next/data/ID/fr/legacy.json'],
  [
    'trailingSlash with assetPrefix',
    "trailingSlash: true, assetPrefix: '/cdn'",
    '/legacy/',
    '/_next/data/ID/legacy.json',
  ],
  ['skipProxyUrlNormalize', 'skipProxyUrlNormalize: true', '/legacy', '/_next/data/ID/legacy.json'],
  [
    'i18n with skipProxyUrlNormalize',
    `${i18n}, skipProxyUrlNormalize: true`,
    '/legacy',
    '/_next/data/ID/en/legacy.json',
  ],
  ['basePath with i18n', `basePath: '/docs', ${i18n}`, '/docs/fr/legacy', '/docs/_next/data/ID/fr/legacy.json'],
];

/** Before each of them, a path that one of the settings adds; `ID` is the id of the build. */
const SPELLINGS = [
  '/legacy',
  '/legacy/',
  '/LEGACY',
  '/fr/legacy',
  '/FR/legacy/',
  '/en/legacy',
  '/_next/data/ID/legacy.json',
  '/_next/data/ID/fr/legacy.json',
  '/fr/_next/data/ID/legacy.json',
  '/fr/_next/data/ID/fr/legacy.json',
  '/en/_next/data/ID/en/legacy.json',
  '/_next/data/ID/_next/data/ID/legacy.json',
  '/_next/data/ID/index/legacy.json',
  '/legacy.json',
  '/legacy.rsc',
  '/legacy.segments/_full.segment.rsc',
];

describe.each(SETTINGS)('Next.js 16 with %s', (_name, config, page, data) => {
  let app: App;
  let server: Awaited<ReturnType<App['start']>>;
  let id = '';

  beforeAll(async () => {
    app = makeApp('16', `paths-${crypto.randomUUID()}`, {
      'proxy.js': PROXY,
      'pages/legacy.js': PAGE,
      'next.config.js': `export default { ${config} };`,
    });
    const { code, output } = await app.build();
    assert.equal(code, 0, output);
    id = readFileSync(join(app.folder, '.next/BUILD_ID'), 'utf8').trim();
    server = await app.start({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)) });
  });
  afterAll(async () => {
    await server.stop();
    app.remove();
  });

  test('no spelling of a page gives it to somebody whom its rule does not allow', async () => {
    for (const prefix of ['', '/cdn', '/docs']) {
      for (const spelling of SPELLINGS) {
        const path = prefix + spelling.replaceAll('ID', id);
        const { status, body } = await sendRaw(server.url, path, alice);
        assert.notInclude(body, 'ADMIN-SECRET', `${path}: ${status}`);
      }
    }
  });

  test('the page and its data go on working for those whom the rule allows', async () => {
    for (const path of [page, data]) {
      const answer = await sendRaw(server.url, path.replace('ID', id), admin);
      assert.equal(answer.status, 200, path);
      assert.include(answer.body, 'ADMIN-SECRET', path);
    }
  });
});
