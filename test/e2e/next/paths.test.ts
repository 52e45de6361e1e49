import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { HOST, jwks, makeKey, sign } from '../../support/issuer.ts';
import { sendRaw } from '../raw-request.ts';
import { type App, makeApp, quickConfig, type Variant } from './apps.ts';

const key = await makeKey();
const now = Math.floor(Date.now() / 1000);
const assertionOf = async (groups: string[]): Promise<[string, string]> => [
  'x-pomerium-jwt-assertion',
  await sign(key, { iat: now, exp: now + 3600, groups }),
];
const alice = await assertionOf(['staff']);
const admin = await assertionOf(['admins']);

const access = { allow: { or: [{ groups: 'admins' }] } };
const ROOT_RULE = { path: '/', access };
const RULES = [
  { path: '/legacy', access },
  { path: '/admin', access },
  { prefix: '/deep', access },
  { prefix: '/', access: 'authenticated' },
];

const I18N = "i18n: { locales: ['en', 'fr'], defaultLocale: 'en' }";
const D = '/_next/data/ID';

interface Case {
  readonly settings: string;
  /** How Next's own client asks for a page and for its data; `PAGE` is the page, `ID` the build's id. */
  readonly page: string;
  readonly data: string;
  /** Spellings under which Next.js serves a secret where no rule forbids it. */
  readonly served: readonly string[];
  /** More of them, of Next.js 16 alone. */
  readonly servedBy16?: readonly string[];
  readonly isOnlyFor16?: boolean;
}

const CASES: Case[] = [
  {
    settings: "trailingSlash: true, assetPrefix: '/cdn'",
    page: '/PAGE/',
    data: `${D}/PAGE.json`,
    served: ['/legacy/', '/admin/', '/deep/1/', '/feed/(..)admin/', `/cdn${D}/deep/1.json`],
  },
  {
    settings: "skipTrailingSlashRedirect: true, assetPrefix: '/cdn'",
    page: '/PAGE',
    data: `${D}/PAGE.json`,
    served: [
      ...['/legacy/', '/admin/', '/feed/(..)admin', `${D}/admin.json`],
      ...[`/cdn${D}/legacy.json`, '/cdn/_NEXT/data/ID/legacy.json'],
    ],
    isOnlyFor16: true,
  },
  {
    settings: "skipProxyUrlNormalize: true, basePath: '/docs'",
    page: '/docs/PAGE',
    data: `/docs${D}/PAGE.json`,
    served: ['index', 'legacy', 'admin', 'index/legacy', '_next/data/ID/legacy.json'].map(
      (name) => `/docs${D}/${name}.json`,
    ),
    isOnlyFor16: true,
  },
  {
    settings: I18N,
    page: '/fr/PAGE',
    data: `${D}/fr/PAGE.json`,
    served: [
      `/fr${D}/legacy.json`,
      `/fr${D}/fr/legacy.json`,
      `/en${D}/en/legacy.json`,
      `/FR${D}/legacy.json`,
      `${D}/fr${D}/fr/legacy.json.json`,
      `${D}${D}${D}/index/deep/1.json.json.json`,
    ],
    servedBy16: [`/fr${D}/zz/deep/1.json`, `${D}${D}${D}/zz/deep/1.json.json.json`],
  },
  {
    settings: `basePath: '/docs', ${I18N}`,
    page: '/docs/fr/PAGE',
    data: `/docs${D}/fr/PAGE.json`,
    served: [
      '/docs/fr/legacy',
      '/docs/FR/legacy',
      `/docs/fr${D}/legacy.json`,
      `/docs/en${D}/en/legacy.json`,
      `/docs${D}${D}/index/deep/1.json.json`,
    ],
    servedBy16: [`/docs${D}${D}/zz/deep/1.json.json`],
  },
  {
    settings: `skipProxyUrlNormalize: true, assetPrefix: '/cdn', ${I18N}`,
    page: '/fr/PAGE',
    data: `${D}/fr/PAGE.json`,
    served: [
      `${D}/legacy.json`,
      `${D}/en/legacy.json`,
      `${D}/admin.json`,
      `/fr${D}/legacy.json`,
      `/cdn${D}/fr/legacy.json`,
      '/cdn/legacy',
      '/cdn/admin',
      '/cdn/deep/1',
    ],
  },
];

/** How a page might be asked for with any of the settings. */
const SPELLINGS = [
  '/PAGE',
  '/PAGE/',
  '/fr/PAGE',
  '/FR/PAGE/',
  '/en/PAGE',
  '/PAGE.json',
  '/PAGE.html',
  '/PAGE.rsc',
  '/PAGE.prefetch.rsc',
  '/PAGE.segments/_full.segment.rsc',
  `${D}/PAGE.json`,
  `${D}/fr/PAGE.json`,
  `${D}/index/PAGE.json`,
  `${D}${D}/PAGE.json.json`,
  `${D}${D}/zz/PAGE.json.json`,
  `/fr${D}/PAGE.json`,
  `/fr${D}/fr/PAGE.json`,
  `/en${D}/en/PAGE.json`,
];
const PAGES = ['index', 'legacy', 'LEGACY', '%6cegacy', 'admin', 'ADMIN', 'deep/1'];

const FILES = {
  'pages/legacy.js': pageFile('ADMIN-SECRET'),
  'pages/deep/[id].js': pageFile('ADMIN-SECRET'),
  'pages/open.js': pageFile('for all'),
  'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;',
  'app/admin/page.js': 'export default () => <p>ADMIN-SECRET</p>;',
  'app/admin/layout.js': 'export default ({ children }) => <div>ADMIN-LAYOUT {children}</div>;',
  // What /photo/1 shows to those who come from /admin.
  'app/admin/(..)photo/[id]/page.js': 'export default () => <p>ADMIN-SECRET</p>;',
  'app/photo/[id]/page.js': 'export default () => <p>the photo itself</p>;',
  // What /admin shows to those who come from /feed.
  'app/feed/page.js': 'export default () => <p>feed</p>;',
  'app/feed/(..)admin/page.js': 'export default () => <p>ADMIN-SECRET</p>;',
};

function pageFile(text: string): string {
  return `
    export const getServerSideProps = async () => ({ props: { text: '${text}' } });
    export default function Page({ text }) { return text; }`;
}

const HANDLERS = {
  'app/handler/[x]/route.js': handlerFile(''),
  'app/edge/[x]/route.js': handlerFile("export const runtime = 'edge';"),
};

function handlerFile(setting: string): string {
  return `
    import { withPomerium } from 'pomerium-edge/next';
    ${setting}
    export const GET = withPomerium(async (_, { route }, { params }) =>
      Response.json({ route: route?.name ?? 'no single route', x: (await params).x }));`;
}

const HANDLER_RULES = ['/handler/secret', '/edge/secret'].map((path) => ({ path, access }));
const forAdmins = { policy: [access] };
const forAll = { allow_any_authenticated_user: true };
const ROUTES = [
  { name: 'secret handler', prefix: '/docs/handler/secret', ...forAdmins },
  { name: 'secret edge', prefix: '/docs/edge/secret', ...forAdmins },
  { name: 'docs', prefix: '/docs', ...forAll },
  { name: 'another app', ...forAll },
].map((route) => ({ from: `https://${HOST}`, to: 'http://app', ...route }));

/** The state of a client that shows another page, and wants all of it. */
const TREE = JSON.stringify(['', { children: ['admin', { children: ['__PAGE__', {}, null, 'refetch'] }] }]);

/**
 * All other headers by which Next.js 16.4 or 15.5 decides what to serve, or did once, and those that it sends to itself, naming
 * /admin: its routers, middleware adapter, renderer and cache, in `next/dist/{server,client,shared}`.
 */
const OTHER_HEADERS: [string, string][][] = [
  ...[
    ...['x-matched-path', 'x-invoke-path', 'x-invoke-output', 'x-nextjs-rewrite', 'x-nextjs-redirect'],
    ...['x-nextjs-matched-path', 'x-nextjs-rewritten-path', 'x-nextjs-rewritten-query', 'x-middleware-rewrite'],
    ...['x-middleware-redirect', 'x-middleware-request-next-url', 'x-forwarded-uri', 'x-original-url', 'x-rewrite-url'],
    ...['next-router-segment-prefetch', 'x-nextjs-request-id', 'x-nextjs-html-request-id', 'x-now-route-matches'],
    ...['x-forwarded-prefix', 'x-forwarded-host', 'x-prerender-revalidate', 'next-action', 'referer'],
  ].map((name): [string, string][] => [[name, '/admin']]),
  ...[
    ...['x-nextjs-data', 'x-middleware-prefetch', 'x-middleware-next', 'x-middleware-skip', 'x-middleware-invoke'],
    ...['x-invoke-status', 'x-action-forwarded', 'next-resume', 'x-next-resume-state-length', 'next-hmr-refresh'],
    ...['x-prerender-revalidate-if-generated', 'x-middleware-subrequest-id', 'x-vercel-protection-bypass'],
  ].map((name): [string, string][] => [[name, '1']]),
  [['x-now-route-matches', '1=admin&id=admin&nxtPid=admin']],
  [['x-invoke-query', encodeURIComponent('{"id":"admin"}')]],
  [['x-middleware-subrequest', Array(5).fill('middleware').join(':')]],
  [
    ['x-middleware-override-headers', 'next-url'],
    ['x-middleware-request-next-url', '/admin'],
  ],
  ...['1', '2', '3'].map((kind): [string, string][] => [
    ['RSC', '1'],
    ['Next-Router-Prefetch', kind],
    ['Next-Router-State-Tree', encodeURIComponent(TREE)],
  ]),
  [
    ['RSC', '1'],
    ['Next-Router-Prefetch', '1'],
    ['Next-Router-Segment-Prefetch', '/admin/__PAGE__'],
  ],
  [
    ['Purpose', 'prefetch'],
    ['Sec-Purpose', 'prefetch'],
    ['Sec-Fetch-Dest', 'image'],
  ],
  [['Cookie', '__prerender_bypass=1; __next_preview_data=1; NEXT_LOCALE=fr; next-instant-navigation-testing=1']],
];

const VARIANTS: Variant[] = [
  { next: '16', file: 'proxy' },
  { next: '15', file: 'middleware' },
];

const RUNS = VARIANTS.flatMap((variant) =>
  CASES.filter(({ isOnlyFor16 }) => variant.next === '16' || !isOnlyFor16).map((one) => ({ ...variant, ...one })),
);

for (const { next, file, settings, page, data, served, servedBy16 = [] } of RUNS) {
  describe(`Next.js ${next} with ${settings}`, () => {
    const hasBasePath = settings.includes('basePath');
    const hasLocales = settings.includes(I18N);
    let app: App;
    // With i18n, the data of `/open` might be that of `/`.
    const rules = hasLocales ? RULES : [ROOT_RULE, ...RULES];
    let withRules: Awaited<ReturnType<App['start']>>;
    let withoutRules: Awaited<ReturnType<App['start']>>;
    /** Where nothing but route handlers verifies. */
    let byRoutes: Awaited<ReturnType<App['start']>>;
    let byRules: Awaited<ReturnType<App['start']>>;
    let id = '';

    beforeAll(async () => {
      app = makeApp(next, 'paths', {
        ...FILES,
        ...(hasBasePath && HANDLERS),
        ...(!hasLocales && { 'pages/index.js': pageFile('ADMIN-SECRET') }),
        [`${file}.js`]: `import { createProxy } from 'pomerium-edge/next';\nexport const ${file} = process.env.NO_GATE ? () => undefined : createProxy();`,
        'next.config.js': quickConfig(next, next === '16' ? settings : settings.replace('Proxy', 'Middleware')),
      });
      const { code, output } = await app.build();
      assert.equal(code, 0, output);
      id = readFileSync(join(app.folder, '.next/BUILD_ID'), 'utf8').trim();
      const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)) };
      [withRules, withoutRules] = await Promise.all([
        app.start({ ...env, POMERIUM_RULES: JSON.stringify(rules) }),
        app.start(env),
      ]);
      if (!hasBasePath) return;
      const { POMERIUM_JWKS } = env;
      [byRoutes, byRules] = await Promise.all([
        app.start({ NO_GATE: '1', POMERIUM_JWKS, POMERIUM_ROUTES: JSON.stringify(ROUTES) }),
        app.start({ NO_GATE: '1', ...env, POMERIUM_RULES: JSON.stringify([...HANDLER_RULES, ...RULES]) }),
      ]);
    });
    afterAll(async () => {
      await Promise.all(
        [withRules, withoutRules, ...(hasBasePath ? [byRoutes, byRules] : [])].map((one) => one.stop()),
      );
    });

    const get = (server: { url: string }, path: string, ...lines: [string, string][]) =>
      sendRaw(server.url, path.replaceAll('ID', id), lines);

    test.each([...served, ...(next === '16' ? servedBy16 : [])])(
      '%s is served where no rule forbids it, and judged as its page where one does',
      async (path) => {
        assert.include((await get(withoutRules, path, alice)).body, 'ADMIN-SECRET');
        const { status, body } = await get(withRules, path, alice);
        assert.equal(status, 403);
        assert.notInclude(body, 'ADMIN-SECRET');
      },
    );

    test('no spelling of a page gives it to somebody whom its rule does not allow', async () => {
      for (const prefix of ['', '/cdn', '/docs']) {
        for (const spelling of SPELLINGS) {
          for (const name of PAGES) {
            const path = prefix + spelling.replace('PAGE', name);
            const { status, body } = await get(withRules, path, alice, ['x-nextjs-data', '1']);
            assert.notInclude(body, 'ADMIN-SECRET', `${path}: ${status}`);
          }
        }
      }
    });

    test('pages and their data go on working for those whom the rules allow', async () => {
      const admins = [page, data].flatMap((path) => ['legacy', 'deep/1'].map((name) => path.replace('PAGE', name)));
      for (const path of [...admins, page.replace('/fr', '').replace('PAGE', 'admin')]) {
        const { status, body } = await get(withRules, path, admin, ['x-nextjs-data', '1']);
        assert.equal(status, 200, path);
        assert.include(body, 'ADMIN-SECRET', path);
      }
      for (const path of [page, data]) {
        const answer = await get(withRules, path.replace('PAGE', 'open'), alice, ['x-nextjs-data', '1']);
        assert.equal(answer.status, 200, path);
        assert.include(answer.body, 'for all', path);
      }
    });

    const photo = page.replace('PAGE', 'photo/1');

    // Next.js 16.4 and 15.5 intercept nothing with i18n.
    if (!hasLocales) {
      test('an intercepting route shows a part of its page where no rule forbids it', async () => {
        const { body } = await get(withoutRules, photo, alice, ['Next-Url', '/admin']);
        for (const part of ['ADMIN-LAYOUT', 'ADMIN-SECRET']) assert.include(body, part);
      });

      test('no header skips the gate, or shows a page to somebody whom its rule does not allow', async () => {
        const nextUrls = ['/admin', '/admin/', '/admin/x/y', '/admin?', '/admin#', '/feed, /admin', '/docs/admin'];
        for (const lines of [...nextUrls.map((value): [string, string][] => [['Next-Url', value]]), ...OTHER_HEADERS]) {
          for (const path of [photo, page.replace('PAGE', 'open')]) {
            assert.equal((await get(withRules, path, ...lines)).status, 401, `${path} ${JSON.stringify(lines)}`);
            for (const more of [[], [['RSC', '1']]] as [string, string][][]) {
              const first = await get(withRules, path, alice, ...lines, ...more);
              // Next.js 16 wants a hash of the headers in the query.
              const again = first.status === 307 ? `${first.headers.location}` : path;
              for (const { body } of [first, await get(withRules, again, alice, ...lines, ...more)]) {
                assert.notMatch(body, /ADMIN-(LAYOUT|SECRET)/, `${path} ${JSON.stringify(lines)}`);
              }
            }
          }
        }
      });

      test('no header but Next-Url shows a part of another page where there are no rules', async () => {
        for (const lines of OTHER_HEADERS) {
          const { body } = await get(withoutRules, photo, alice, ...lines);
          assert.notMatch(body, /ADMIN-(LAYOUT|SECRET)/, JSON.stringify(lines));
        }
      });
    }

    if (!hasBasePath) return;

    describe('withPomerium() in a route handler, with no gate before it', () => {
      test.each(['handler', 'edge'])('/%s holds routes against the path that the browser asks for', async (name) => {
        const routeOf = (route: string) => (hasLocales && name === 'edge' ? 'no single route' : route);
        const open = await get(byRoutes, `/docs/${name}/open`, alice);
        assert.deepEqual([open.status, JSON.parse(open.body).route], [200, 'docs']);
        assert.equal((await get(byRoutes, `/docs/${name}/secret`, alice)).status, 403);
        const secret = await get(byRoutes, `/docs/${name}/secret`, admin);
        assert.deepEqual([secret.status, JSON.parse(secret.body).route], [200, routeOf(`secret ${name}`)]);
      });

      test.each(['handler', 'edge'])('/%s holds rules against the path without basePath', async (name) => {
        assert.equal((await get(byRules, `/docs/${name}/open`, alice)).status, 200);
        assert.equal((await get(byRules, `/docs/${name}/secret`, admin)).status, 200);
        for (const path of [`/docs/${name}/secret`, `/docs${D}/${name}/secret.json`]) {
          assert.include([403, 404], (await get(byRules, path, alice)).status, path);
        }
      });

      // No proxy sees it, and a gate in front refuses it: test/core/path-queries.test.ts.
      test('a query replaces the parameter of a route in the Edge runtime, which docs/nextjs.md says', async () => {
        for (const query of ['nxtPx=secret', 'nxtIx=secret']) {
          for (const server of [withoutRules, withRules]) {
            const paramOf = async (name: string) =>
              JSON.parse((await get(server, `/docs/${name}/open?${query}`, alice)).body).x;
            assert.equal(await paramOf('handler'), 'open', query);
            assert.equal(await paramOf('edge'), settings.includes('skipProxyUrlNormalize') ? 'open' : 'secret', query);
          }
        }
      });

      test.each(['handler', 'edge'])('/%s leads whom it refuses to the URL with basePath', async (name) => {
        const { body } = await get(byRules, `/docs/${name}/open`, ['Accept', 'text/html']);
        assert.include(body, `https://${HOST}/docs/${name}/open`);
      });
    });
  });
}
