import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join, relative, sep } from 'node:path';
import { computeCacheBustingSearchParam } from 'next/dist/shared/lib/router/utils/cache-busting-search-param.js';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { liveScenarios } from '../../../scripts/start/live.ts';
import { serve } from '../../../scripts/start/server.ts';
import { startStandIn } from '../../../scripts/start/stand-in.ts';
import { HOST, jwks, sign } from '../../support/issuer.ts';
import { startOrigin } from '../../support/origin-server.ts';
import { assertDoctorFindsNothing } from '../doctor.ts';
import { sendRaw } from '../raw-request.ts';
import { type App, makeApp, makeExample, quickConfig, type Variant } from './apps.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const standIn = await startStandIn({});
const { key } = standIn;
const origin = await startOrigin();
const now = Math.floor(Date.now() / 1000);
const signed = async (claims = {}): Promise<readonly [string, string]> => [
  ASSERTION,
  await sign(key, { iat: now, exp: now + 3600, ...claims }),
];
const alice = await signed();
const admin = await signed({ groups: ['admins'] });
const bad = (await liveScenarios(key)).filter(({ guard, expect }) => !guard.policy && expect !== 'valid');

afterAll(async () => {
  await standIn.close();
  await origin.close();
});

/** Warnings that are Next's own, about what the app is and not about this package. */
const EXPECTED_WARNINGS = [
  /No build cache found/,
  /The "middleware" file convention is deprecated/,
  /The Edge Runtime is deprecated/,
  /Using edge runtime on a page currently disables static generation/,
  /i18n configuration in next.config.js is unsupported in App Router/,
];

async function assertBuilds(app: App): Promise<void> {
  const { code, output } = await app.build();
  assert.equal(code, 0, output);
  const warnings = output.split('\n').filter((line) => /⚠|warn/i.test(line));
  assert.deepEqual(
    warnings.filter((line) => !EXPECTED_WARNINGS.some((expected) => expected.test(line))),
    [],
  );
  assert.notMatch(output, /not supported in the Edge Runtime|Node\.js API/);
}

const VARIANTS: Variant[] = [
  { next: '16', file: 'proxy' },
  { next: '16', file: 'middleware' },
  { next: '15', file: 'middleware' },
];

for (const variant of VARIANTS) {
  describe(`Next.js ${variant.next} with ${variant.file}.ts`, () => {
    let app: App;
    let server: Awaited<ReturnType<App['start']>>;
    const script = crypto.randomUUID();

    beforeAll(async () => {
      const steps = [{ body: JSON.stringify(jwks(key)), headers: { 'cache-control': 'max-age=3600' } }];
      await fetch(`${origin.url}/scripts/${script}`, { method: 'PUT', body: JSON.stringify(steps) });
      app = makeExample(variant, { overlay: true });
      await assertBuilds(app);
      server = await app.start({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: `${origin.url}/jwks/${script}` });
    });
    afterAll(async () => {
      await server.stop();
      app.remove();
    });

    const get = (path: string, ...lines: (readonly [string, string])[]) => sendRaw(server.url, path, lines);

    /** What reached the app's code. */
    const echo = async (query: string, ...lines: (readonly [string, string])[]) => {
      const answer = await get(`/echo${query}`, ...lines);
      assert.equal(answer.status, 200, answer.body);
      return { ...answer, ...(JSON.parse(answer.body) as { headers: Record<string, string>; identity: string }) };
    };

    test('every bad assertion is refused at the gate, with its code', async () => {
      for (const { name, headers, expect } of bad) {
        const answer = await sendRaw(server.url, '/account', headers);
        assert.equal(answer.status, 401, name);
        assert.equal(answer.headers['content-type'], 'application/problem+json', name);
        assert.equal(answer.headers['cache-control'], 'no-store', name);
        assert.include(expect.split('|'), JSON.parse(answer.body).code, name);
      }
    });

    test('every bad assertion is refused behind the gate, where the matcher leaves a path out', async () => {
      for (const { name, headers } of bad) {
        const answer = await sendRaw(server.url, '/left-out', headers);
        assert.equal(answer.status, 401, name);
        assert.notInclude(answer.body, 'secret', name);
      }
      assert.include((await get('/left-out', alice)).body, 'u-alice');
    });

    test('the identity reaches pages, route handlers, Edge routes, the Pages Router and API routes', async () => {
      const page = await get('/account', alice);
      assert.equal(page.status, 200);
      for (const value of ['Alice Liddell', 'alice@example.com', 'g1, engineering']) assert.include(page.body, value);
      assert.match(String(page.headers['cache-control']), /private.*no-store/);
      const me = { user: 'u-alice', email: 'alice@example.com', groups: ['g1', 'engineering'] };
      assert.deepEqual(JSON.parse((await get('/api/me', alice)).body), me);
      assert.deepEqual(JSON.parse((await get('/edge-echo', alice)).body), { identity: 'u-alice' });
      assert.match((await get('/legacy', alice)).body, /legacy secret for (<!-- -->)?u-alice/);
      assert.deepEqual(JSON.parse((await get('/api/legacy', alice)).body), { subject: 'u-alice' });
    });

    test('a public page is for everybody, and knows who is signed in; what does not hold is not believed', async () => {
      assert.include((await get('/')).body, 'whoever you are');
      assert.include((await get('/', alice)).body, 'Alice Liddell');
      for (const { headers } of bad) {
        const { status, body } = await sendRaw(server.url, '/', headers);
        assert.equal(status, 200);
        assert.include(body, 'whoever you are');
      }
    });

    test('a policy on a path answers 403, and so does requireIdentity({ policy }) behind the gate', async () => {
      assert.equal((await get('/admin', admin)).status, 200);
      const refused = await get('/admin', alice);
      assert.equal(refused.status, 403);
      assert.include(JSON.parse(refused.body), { code: 'policy_denied' });
      assert.equal((await get('/left-out/admin', admin)).status, 200);
      const behind = await get('/left-out/admin', alice);
      assert.equal(behind.status, 403);
      assert.notInclude(behind.body, 'secret');
      assert.equal((await get('/left-out/admin')).status, 401);
    });

    test('a route handler that nothing guards refuses by itself', async () => {
      assert.equal((await get('/left-out/api')).status, 401);
      assert.equal((await get('/left-out/api', alice)).status, 200);
      const problem = await get('/left-out/wrapped');
      assert.equal(problem.status, 401);
      assert.include(JSON.parse(problem.body), { code: 'missing_assertion' });
      assert.equal((await get('/left-out/wrapped', alice)).body, 'alice@example.com');
    });

    test('in unstable_cache nobody’s identity is kept, whoever asked before', async () => {
      assert.equal((await get('/left-out/kept', alice)).status, 500);
      await server.printed(/cannot be called in 'use cache' or unstable_cache/);
    });

    test('requireIdentity(req) of the Pages Router rejects with what to answer, and says where req is missing', async () => {
      assert.equal((await get('/left-out/required')).status, 401);
      const page = await get('/left-out/required', alice);
      assert.equal(page.status, 200);
      assert.include(page.body.replaceAll('<!-- -->', ''), 'secret for u-alice');
      assert.deepEqual(JSON.parse((await get('/api/required', admin)).body), { subject: 'u-alice' });
      const refused = await get('/api/required', alice);
      assert.equal(refused.status, 403);
      assert.deepEqual(JSON.parse(refused.body), { code: 'policy_denied' });
      const bare = JSON.parse((await get('/api/required?bare', alice)).body);
      assert.match(bare.message, /In the Pages Router give it: .*requireIdentity\(req\)/);
    });

    test('a server action knows who calls, and refuses whoever goes around the gate', async () => {
      const page = await get('/account', alice);
      const form = new FormData();
      for (const [, name = '', value = ''] of page.body.matchAll(
        /<input type="hidden" name="([^"]*)"(?: value="([^"]*)")?/g,
      ))
        form.append(name, value.replaceAll('&quot;', '"'));
      assert.isNotEmpty([...form.keys()]);
      form.append('note', 'n-1');
      const post = async (path: string, headers: Record<string, string>) => {
        const response = await fetch(server.url + path, { method: 'POST', body: form, headers });
        return { status: response.status, body: (await response.text()).replaceAll('<!-- -->', '') };
      };
      const saved = await post('/account', Object.fromEntries([alice]));
      assert.equal(saved.status, 200);
      assert.include(saved.body, 'Saved “n-1” for alice@example.com.');
      assert.equal((await post('/account', {})).status, 401);
      // The same action, called where the gate does not stand.
      const around = await post('/left-out', {});
      assert.notEqual(around.status, 200);
      assert.notInclude(around.body, 'Saved');
    });

    const SPOOFED: (readonly [string, string])[] = [
      ['X-Pomerium-Claim-Email', 'forged@example.com'],
      ['X_Pomerium_Claim_Groups', 'forged'],
      ['x-pomerium.claim.user', 'forged'],
      ['X-Pomerium-Jwt-Assertion-For', 'forged'],
      ['X-Email', 'forged@example.com'],
    ];

    test('of Pomerium’s headers only the assertion reaches the app, whatever the app’s own proxy does', async () => {
      for (const query of ['', '?proxy=nothing', '?proxy=plain', '?proxy=forging', '?proxy=rewrite']) {
        const { headers, identity } = await echo(query, alice, ...SPOOFED, ['X-Unwanted', '1']);
        assert.notInclude(JSON.stringify(headers), 'forged', query);
        const names = Object.keys(headers).filter((name) => /pomerium/i.test(name));
        assert.deepEqual(names, [ASSERTION], query);
        assert.equal(headers[ASSERTION], alice[1], query);
        assert.equal(identity, 'u-alice', query);
      }
    });

    test('a rewrite to another origin takes no assertion along, and the app’s own proxy may take it off', async () => {
      const received: IncomingHttpHeaders[] = [];
      const elsewhere = await serve((incoming, response) => {
        received.push(incoming.headers);
        response.end('elsewhere');
      });
      const credentials = ['Authorization', `Bearer ${alice[1]}`] as const;
      try {
        for (const proxy of ['elsewhere', 'plain-elsewhere']) {
          const { body } = await get(`/echo?proxy=${proxy}&to=${elsewhere.url}/x`, alice, credentials, ['X-Kept', '2']);
          assert.equal(body, 'elsewhere', proxy);
        }
      } finally {
        await elsewhere.close();
      }
      assert.deepEqual(
        received.map((headers) => [headers['x-kept'], JSON.stringify(headers).includes(alice[1])]),
        [
          ['2', false],
          ['2', false],
        ],
      );
      const { headers, identity } = await echo('?proxy=without', alice);
      assert.notProperty(headers, ASSERTION);
      assert.isUndefined(identity);
    });

    test('what the app’s own proxy wants is done: headers set and removed, cookies, rewrites, redirects, answers', async () => {
      const { headers, headers: seen } = await echo('', alice, ['X-Unwanted', '1'], ['X-Kept', '2']);
      assert.include(seen, { 'x-own': 'u-alice', 'x-kept': '2' });
      assert.notProperty(headers, 'x-unwanted');
      const cookies = (await get('/echo', alice)).headers['set-cookie'] ?? [];
      assert.deepEqual(cookies.map((cookie) => cookie.split(';')[0]).sort(), ['one=1', 'two=2']);
      const plain = await echo('?proxy=plain', alice, ['X-Unwanted', '1']);
      assert.equal(plain.headers['x-unwanted'], '1', 'a proxy that says nothing about headers keeps them');
      assert.equal((await get('/account?proxy=rewrite', alice)).status, 200);
      assert.property(JSON.parse((await get('/account?proxy=rewrite', alice)).body).headers, 'x-own');
      const redirect = await get('/echo?proxy=redirect', alice);
      assert.equal(redirect.status, 307);
      assert.equal(new URL(redirect.headers.location ?? '', server.url).pathname, '/');
      assert.include(JSON.parse((await get('/echo?proxy=answer', alice)).body), { by: 'own proxy' });
      assert.equal((await get('/echo?proxy=answer')).status, 401, 'it is not called for a refused request');
      assert.equal(JSON.parse((await get('/?proxy=answer')).body).by, 'own proxy', 'on a public path it is');
    });

    /** Header lines that made some version of Next.js skip its middleware, or read another path than it did. */
    const TRICKS: [string, string][][] = [
      [['x-middleware-subrequest', Array(5).fill(variant.file).join(':')]],
      [['x-middleware-subrequest', Array(5).fill(`src/${variant.file}`).join(':')]],
      [['x-middleware-subrequest', 'pages/_middleware']],
      [['x-middleware-next', '1']],
      [['x-middleware-override-headers', 'x']],
      [['x-middleware-prefetch', '1']],
      [['x-middleware-rewrite', '/']],
      [['x-nextjs-data', '1']],
      [['RSC', '1']],
      [
        ['RSC', '1'],
        ['Next-Router-Prefetch', '1'],
      ],
      [
        ['RSC', '1'],
        ['Next-Router-Prefetch', '1'],
        ['Next-Router-Segment-Prefetch', '/_tree'],
      ],
      [['Next-Action', 'x']],
      [['x-invoke-path', '/']],
      [['x-matched-path', '/']],
      [['x-original-url', '/']],
      [['x-rewrite-url', '/']],
      [['x-forwarded-uri', '/']],
    ];

    test('no header skips the gate (CVE-2025-29927 and its kin), and behind it none gets anything', async () => {
      for (const lines of TRICKS) {
        for (const path of ['/account', '/static-page', '/legacy', '/api/legacy'])
          assert.equal((await get(path, ...lines)).status, 401, `${path} ${lines}`);
        for (const path of ['/left-out', '/left-out/api', '/left-out/wrapped'])
          assert.notInclude((await get(path, ...lines)).body, 'secret', `${path} ${lines}`);
      }
    });

    test('no spelling of a path goes around the gate', async () => {
      const build = readFileSync(join(app.folder, '.next/BUILD_ID'), 'utf8');
      const refused = [
        `/_next/data/${build}/legacy.json`,
        `/_next/data/${build}/account.json`,
        '/account.rsc',
        '/static-page.rsc',
        '/static-page.segments/_tree.segment.rsc',
        '/static-page.segments/__PAGE__.segment.rsc',
        '/%61ccount',
        '/%2561ccount',
        '/ACCOUNT',
        '/./account',
        '/x/../account',
        '/account;x=1',
        '/_next/../account',
        '/_next/static/../../account',
        '/_next/static/%2e%2e/%2e%2e/account',
        '/_next/image?url=%2Faccount&w=64&q=75',
        '/account?nxtPx=1',
      ];
      for (const path of refused) assert.equal((await get(path)).status, 401, path);
      // Next.js first sends these to the plain spelling, which is refused.
      for (const path of ['//account', '/account/', '///account', '/\\account']) {
        const { status, headers } = await get(path);
        assert.include([308, 401], status, path);
        if (status !== 308) continue;
        assert.equal(new URL(headers.location ?? '', server.url).href, `${server.url}/account`, path);
      }
    });

    test('an intercepting route shows a part of a page to whom that page’s rule allows no less than the path’s', async () => {
      const photoFrom = async (page: string) => {
        const { status, body } = await get('/photo/1', alice, ['Next-Url', page]);
        assert.equal(status, 200);
        return /the photo (itself|in \/\w+)/.exec(body)?.[1];
      };
      assert.equal(await photoFrom('/album'), 'in /album');
      assert.equal(await photoFrom('/album/2026'), 'in /album');
      for (const page of ['/admin', '/admin/x', '/admin/..', '/album, /admin']) {
        assert.equal(await photoFrom(page), 'itself', page);
      }
    });

    test('every script and style of the build is public where a rule says so', async () => {
      const files = readdirSync(join(app.folder, '.next/static'), { recursive: true, withFileTypes: true });
      const names = files
        .filter((one) => one.isFile())
        .map((one) => relative(app.folder, join(one.parentPath, one.name)));
      assert.isNotEmpty(names);
      // Webpack names them as the folders of their pages, those of intercepting routes, too.
      if (variant.next === '15') assert.isTrue(names.some((name) => name.includes('/(..)photo/[id]/')));
      for (const name of names) {
        const path = name.replace('.next', '_next').split(sep).map(encodeURIComponent).join('/');
        assert.equal((await get(`/${path}`)).status, 200, path);
      }
    });

    test('a prefetch of Next’s client is answered at once', async () => {
      // As `fetchRouteOnCacheMiss` of next/dist/client/components/segment-cache/cache.js asks.
      const hash = await computeCacheBustingSearchParam('1', '/_tree', undefined, '/account');
      const { status } = await get(
        `/static-page?_rsc=${hash}`,
        alice,
        ['RSC', '1'],
        ['Next-Router-Prefetch', '1'],
        ['Next-Router-Segment-Prefetch', '/_tree'],
        ['Next-Url', '/account'],
      );
      assert.equal(status, 200);
    });

    test('a browser gets a page, a program a problem document', async () => {
      const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
      const page = await get('/account', ['Accept', accept]);
      assert.equal(page.status, 401);
      assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
      assert.include(page.body, '<h1>Please sign in</h1>');
      assert.match(String(page.headers['content-security-policy']), /^default-src 'none'/);
      const denied = await get('/admin', alice, ['Accept', accept]);
      assert.equal(denied.status, 403);
      assert.include(denied.body, '<h1>No access</h1>');
    });

    test('no shared cache keeps what is not public, and pages are as strict as Next.js makes them', async () => {
      const never = 'private, no-cache, no-store, max-age=0, must-revalidate';
      for (const path of ['/static-page', '/account', '/api/me', '/edge-echo', '/legacy', '/api/legacy', '/nowhere']) {
        for (const lines of [[alice], [alice, ['RSC', '1'] as const]])
          assert.equal((await get(path, ...lines)).headers['cache-control'], never, path);
      }
      const ofBuild = `/_next/static/${readFileSync(join(app.folder, '.next/BUILD_ID'), 'utf8')}/_buildManifest.js`;
      assert.equal((await get(ofBuild, alice)).headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.equal((await echo('?proxy=cached', alice)).headers['cache-control'], 'private, max-age=60');
    });

    test('answers vary by the assertion, where Next.js lets a proxy say so', async () => {
      for (const path of ['/legacy', '/api/legacy', '/edge-echo'])
        assert.match(String((await get(path, alice)).headers.vary), /x-pomerium-jwt-assertion/, path);
    });

    test('the doctor finds nothing', async () => {
      await assertDoctorFindsNothing(`${server.url}/account`, key, { publicPaths: ['/', '/_next/static/*'] });
    });

    test('the keys are asked for once in each isolate, and three times more at most for keys that nobody knows', async () => {
      const hits = (await (await fetch(`${origin.url}/scripts/${script}`)).json()) as unknown[];
      // The Edge route has an isolate of its own, and so has middleware.ts; pages, routes and proxy.ts share the process.
      const isolates = variant.file === 'proxy' ? 2 : 3;
      assert.isAtLeast(hits.length, isolates);
      assert.isAtMost(hits.length, isolates * 4);
    });
  });
}

const I18N = {
  'next.config.js': `export default { basePath: '/docs', i18n: { locales: ['en', 'fr'], defaultLocale: 'en' } };`,
  'gate.js': `
    import { createProxy } from 'pomerium-edge/next';
    export const gate = createProxy({
      rules: [
        { path: '/open', access: 'public' },
        { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
        { prefix: '/', access: 'authenticated' },
      ],
    }, (request) => {
      const { locale, basePath, pathname } = request.nextUrl;
      if (pathname === '/where') return Response.json({ locale, basePath });
    });`,
  'pages/open.js': 'export default function Open() { return <p>open</p>; }',
  'pages/admin.js': 'export default function Admin() { return <p>admin</p>; }',
  'pages/closed.js': `
    import { getIdentity } from 'pomerium-edge/next';
    export async function getServerSideProps({ req, locale }) {
      return { props: { locale, subject: (await getIdentity(req))?.subject ?? null } };
    }
    export default function Closed({ locale, subject }) { return <p>secret for {subject} in {locale}</p>; }`,
};

for (const file of ['proxy', 'middleware'] as const) {
  describe(`Next.js with ${file}.ts, basePath and i18n`, () => {
    let app: App;
    let server: Awaited<ReturnType<App['start']>>;
    beforeAll(async () => {
      app = makeApp('16', `i18n-${file}`, { ...I18N, [`${file}.js`]: `export { gate as ${file} } from './gate.js';` });
      await assertBuilds(app);
      server = await app.start({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: standIn.jwksUrl() });
    });
    afterAll(async () => {
      await server.stop();
      app.remove();
    });

    test('no locale and no data path goes around the gate', async () => {
      const build = readFileSync(join(app.folder, '.next/BUILD_ID'), 'utf8');
      const paths = [
        '/docs/closed',
        '/docs/en/closed',
        '/docs/fr/closed',
        '/docs/FR/closed',
        `/docs/_next/data/${build}/closed.json`,
        `/docs/_next/data/${build}/en/closed.json`,
        `/docs/_next/data/${build}/fr/closed.json`,
        '/docs/default/closed',
      ];
      for (const path of paths) {
        for (const lines of [[], [['x-nextjs-data', '1']]] as [string, string][][]) {
          const { status, body } = await sendRaw(server.url, path, lines);
          assert.equal(status, 401, path);
          assert.notInclude(body, 'secret', path);
        }
      }
    });

    test('who came through Pomerium sees the page in every locale, also as data', async () => {
      const build = readFileSync(join(app.folder, '.next/BUILD_ID'), 'utf8');
      for (const [path, locale] of [
        ['/docs/closed', 'en'],
        ['/docs/fr/closed', 'fr'],
        [`/docs/_next/data/${build}/fr/closed.json`, 'fr'],
      ] as const) {
        const { status, body } = await sendRaw(server.url, path, [alice, ['x-nextjs-data', '1']]);
        assert.equal(status, 200, path);
        assert.match(body.replaceAll('<!-- -->', ''), new RegExp(`"locale":"${locale}"`), path);
        assert.include(body, 'u-alice', path);
      }
      assert.equal((await sendRaw(server.url, '/docs/open')).status, 200);
    });

    test('what is named by its content may be kept by browsers alone, and nothing that is not there', async () => {
      const build = readFileSync(join(app.folder, '.next/BUILD_ID'), 'utf8');
      const cacheControl = async (path: string) => {
        const { status, headers } = await sendRaw(server.url, `/docs/_next/static/${path}`, [alice]);
        return [status, headers['cache-control']];
      };
      assert.deepEqual(await cacheControl(`${build}/_buildManifest.js`), [200, 'private, max-age=31536000, immutable']);
      assert.notInclude(String(await cacheControl('nowhere.js')), 'immutable');
    });

    test('the app’s own proxy still knows the base path and the locale', async () => {
      const { body } = await sendRaw(server.url, '/docs/where', [alice]);
      assert.deepEqual(JSON.parse(body), { locale: 'en', basePath: '/docs' });
    });

    test('rules are for the app’s routes, without base path and locale', async () => {
      for (const path of ['/docs/admin', '/docs/fr/admin']) {
        assert.equal((await sendRaw(server.url, path, [alice])).status, 403, path);
        assert.equal((await sendRaw(server.url, path, [admin])).status, 200, path);
      }
      assert.equal((await sendRaw(server.url, '/docs/fr/open')).status, 200);
    });
  });
}

const NO_INTERRUPTS: [name: string, folder: string, settings: string][] = [
  ['without experimental.authInterrupts', 'no-interrupts', ''],
  [
    'with serverExternalPackages',
    'external',
    "serverExternalPackages: ['pomerium-edge'], experimental: { authInterrupts: true }",
  ],
];

describe.each(NO_INTERRUPTS)('Next.js %s', (_, folder, settings) => {
  const app = makeApp('16', folder, {
    'next.config.js': quickConfig('16', settings),
    'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;',
    'app/page.js': `
      import { requireIdentity } from 'pomerium-edge/next';
      export default async function Page() { return <p>secret for {(await requireIdentity()).subject}</p>; }`,
    'app/api/route.js': `
      import { PomeriumError, problemResponse } from 'pomerium-edge';
      import { requireIdentity } from 'pomerium-edge/next';
      export async function GET(request) {
        try {
          const policy = { allow: { or: [{ groups: 'admins' }] } };
          return Response.json({ secret: (await requireIdentity({ policy })).subject });
        } catch (error) {
          if (error instanceof PomeriumError) return problemResponse(error, request);
          throw error;
        }
      }`,
    'app/path-policy/route.js': `
      import { requireIdentity } from 'pomerium-edge/next';
      export async function GET() {
        return Response.json(await requireIdentity({ policy: { allow: { or: [{ http_path: '/' }] } } }));
      }`,
  });
  let server: Awaited<ReturnType<App['start']>>;
  beforeAll(async () => {
    await assertBuilds(app);
    server = await app.start({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: standIn.jwksUrl() });
  });
  afterAll(async () => {
    await server.stop();
    app.remove();
  });

  test('requireIdentity() rejects with the PomeriumError: a page is a 500, a route handler answers as it likes', async () => {
    const page = await sendRaw(server.url, '/');
    assert.equal(page.status, 500);
    assert.notInclude(page.body, 'secret');
    assert.include((await sendRaw(server.url, '/', [alice])).body, 'u-alice');
    for (const [lines, status, code] of [
      [[], 401, 'missing_assertion'],
      [[alice], 403, 'policy_denied'],
    ] as const) {
      const answer = await sendRaw(server.url, '/api', lines);
      assert.equal(answer.status, status);
      assert.include(JSON.parse(answer.body), { code });
    }
    assert.equal((await sendRaw(server.url, '/api', [admin])).status, 200);
  });

  test('a policy that asks about the request is a mistake behind the gate: nobody gets in', async () => {
    assert.equal((await sendRaw(server.url, '/path-policy', [alice])).status, 500);
  });
});
