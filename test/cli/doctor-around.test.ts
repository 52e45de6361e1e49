import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { assert, describe, test } from 'vitest';
import { CONTROL } from '../../cli/doctor/control.ts';
import { type ExamineOptions, examine } from '../../cli/doctor/examine.ts';
import { dataUrlsIn, linksIn } from '../../cli/doctor/links.ts';
import { serve } from '../../scripts/start/server.ts';
import { HOST } from '../support/issuer.ts';
import { runCli } from './run-cli.ts';
import { file, folder, runDoctor, verifier } from './run-doctor.ts';

const PAGE = `<!doctype html><link rel="stylesheet" href="/styles/site-1a2b.css"><script type="module" src='/scripts/app.js'></script>
<img src=/images/logo.svg><a href="/reports/2026?year=2026&amp;all">Reports</a><a href="https://elsewhere.test/x">Elsewhere</a>`;

/** A platform before a gate: `files` answers first, and the gate all else, with a page. */
interface Site {
  files(path: string, request: IncomingMessage): string | undefined;
}

async function examineSite({ files }: Site, options: Partial<ExamineOptions> = {}) {
  const requests: string[] = [];
  const server = await serve(async (request, response) => {
    const { url = '/', headersDistinct: headers } = request;
    const isWithAssertion = headers['x-pomerium-jwt-assertion'] !== undefined;
    if (!isWithAssertion) requests.push(url);
    const content = files(url, request);
    if (content !== undefined) return void response.end(content);
    const isIn = await verifier.verifyRequest({ headers }).then(
      () => true,
      () => false,
    );
    response.writeHead(isIn ? 200 : 401).end(isIn ? PAGE : 'no');
  });
  try {
    const plan = { audience: HOST, issuerFormat: 'host' } as const;
    const findings = await examine(`${server.url}/admin`, plan, { rate: 10_000, timeout: 10, ...options });
    const letIn = findings.filter(({ verdict }) => verdict === 'let in');
    return { findings, letIn, names: letIn.map(({ name }) => name), requests };
  } finally {
    await server.close();
  }
}

const served = (...paths: string[]): Site => ({ files: (path) => (paths.includes(path) ? 'a file' : undefined) });

describe('pomerium-edge doctor, of a gate with a platform before it', () => {
  const wellKnown = [
    '/',
    '/index.html',
    '/robots.txt',
    '/favicon.ico',
    '/sitemap.xml',
    '/manifest.webmanifest',
    '/assets/',
    '/_astro/',
    '/_next/static/',
    '/_app/version.json',
    '/_root.data',
    '/__data.json',
    '/admin/',
    '/admin/index.html',
    '/admin.html',
    '/admin.txt',
    '/admin.rsc',
    '/admin.data',
    '/admin/__data.json',
  ];

  test('finds each file that is served at a well-known name or a form of the path, and says what to do', async () => {
    const { letIn, names } = await examineSite(served(...wellKnown));
    for (const path of wellKnown) assert.include(names, `${path}, without an assertion`);
    for (const { detail, fix } of letIn) {
      assert.equal(detail, 'served around the gate');
      assert.match(fix ?? '', /run_worker_first: true .*_routes\.json .*matcher .*--public PATH$/);
    }
  });

  test('finds code that believes claim headers at another path', async () => {
    const site: Site = {
      files: (path, { headers }) =>
        path === '/admin.data' && headers['x-pomerium-claim-email'] !== undefined ? 'secret' : undefined,
    };
    const { names } = await examineSite(site);
    assert.deepEqual(names, ['/admin.data, with claim headers alone']);
  });

  test('finds a page that is given for every path', async () => {
    const { letIn } = await examineSite({
      files: (path) => (path.startsWith('/admin') ? undefined : '<div id=app>'),
    });
    assert.equal(letIn.find(({ name }) => name.startsWith('a path that is nowhere'))?.verdict, 'let in');
    assert.equal(
      letIn.find(({ name }) => name === '/robots.txt, without an assertion')?.detail,
      'served around the gate, as for each unknown path',
    );
  });

  test('with its key finds what the page is made of', async () => {
    const site = served('/scripts/app.js', '/styles/site-1a2b.css', '/reports/2026?year=2026&all');
    assert.deepEqual((await examineSite(site)).names, []);
    const { names } = await examineSite(site, { key: file });
    assert.deepEqual(names, [
      '/styles/site-1a2b.css, without an assertion',
      '/scripts/app.js, without an assertion',
      '/reports/2026?year=2026&all, without an assertion',
    ]);
  });

  test('accepts what is said to be for everybody, and that alone', async () => {
    const site = served('/robots.txt', '/favicon.ico', '/scripts/app.js', '/styles/site-1a2b.css');
    const { names } = await examineSite(site, {
      key: file,
      publicPaths: ['/robots.txt', '/favicon.ico', '/scripts/*'],
    });
    assert.deepEqual(names, ['/styles/site-1a2b.css, without an assertion']);
  });

  test('refuses a value of --public that is no path', async () => {
    const args = ['doctor', 'http://127.0.0.1:1', '-a', HOST, '-y', '--public', 'robots.txt'];
    const { stderr, code } = await runCli(args);
    assert.equal(code, 2);
    assert.match(stderr, /--public takes paths, as \/robots\.txt or \/assets\/\*; "robots\.txt" is none/);
  });

  test('finds nothing where nothing is served around it, with as many requests as it says', async () => {
    const { findings } = await examineSite(served());
    assert.isAtMost(findings.length, 95);
    assert.isAtLeast(findings.length, 80);
    const { findings: all, requests } = await examineSite(served(), { key: file });
    for (const { name, verdict } of [...findings.filter(({ name }) => name !== CONTROL), ...all])
      assert.equal(verdict, 'as it should', name);
    assert.isTrue(all.some(({ name }) => name === '/images/logo.svg, without an assertion'));
    assert.isFalse(requests.some((path) => path.includes('elsewhere')));
  });

  test('tells it on a terminal once, and in JUnit with each', async () => {
    const server = await serve((request, response) => {
      const isFile = ['/robots.txt', '/favicon.ico', '/sitemap.xml'].includes(request.url ?? '');
      response.writeHead(isFile ? 200 : 401).end();
    });
    try {
      const junit = join(folder, 'doctor.xml');
      const { stdout } = await runDoctor(`${server.url}/admin`, '--junit', junit, '--public', '/', '/sitemap.xml');
      assert.match(stdout, /^✗ \/robots\.txt, without an assertion +LET IN +200 +served around the gate$/m);
      assert.lengthOf(stdout.match(/^→ Let the gate run before it: .*\.$/gm) ?? [], 1);
      assert.lengthOf(readFileSync(junit, 'utf8').match(/200: served around the gate\. Let the gate run/g) ?? [], 2);
    } finally {
      await server.close();
    }
  });
});

describe('the links of a page', () => {
  const at = (html: string, url = 'https://edge.example/dir/page') => linksIn([{ html, url: new URL(url) }], HOST);

  test('a path of 200 kB takes no time', () => {
    const start = performance.now();
    assert.lengthOf(at(`<img src="/${'a'.repeat(200_000)}/x">`), 1);
    assert.isBelow(performance.now() - start, 1000);
  });

  const cases: [rule: string, html: string, links: string[]][] = [
    ['relative to the page', '<img src="a.png"><img src="../b.png">', ['/dir/a.png', '/b.png']],
    ['in every way of quoting', `<img src="/a.png"><img src='/b.svg'><img src=/c.gif>`, ['/a.png', '/b.svg', '/c.gif']],
    ['with entities, without fragments', '<a href="/x?a=1&amp;b=2#part">', ['/x?a=1&b=2']],
    ['of the route’s host', `<a href="https://${HOST}/x"><a href="//${HOST}/y">`, ['/x', '/y']],
    ['of this origin', '<a href="https://edge.example/x">', ['/x']],
    ['not of others', '<a href="https://other.example/x"><a href="mailto:x@y.z"><a href="data:text/plain,x">', []],
    ['not of Pomerium or Cloudflare', '<a href="/.pomerium/sign_out"><script src="/cdn-cgi/x.js">', []],
    ['no nonsense', '<a href="http://["><a href=""><a href><p src="/x">', []],
    [
      'preloads',
      '<link rel="modulepreload" href="/m.js"><link rel=preload as=font href=/f.woff2>',
      ['/m.js', '/f.woff2'],
    ],
    ['several sizes', '<img srcset="/a.png 1x, /b.jpg 2x" src="/c.gif">', ['/a.png', '/b.jpg', '/c.gif']],
    ['each once', '<a href="/x"><a href="/x#y">', ['/x']],
    ['what is loaded before where it leads', '<a href="/page"><script src="/s.js">', ['/s.js', '/page']],
    [
      'three files of each kind in a folder',
      [1, 2, 3, 4].map((n) => `<script src="/js/${n}.js"></script><img src="/js/${n}.png">`).join(''),
      ['/js/1.js', '/js/1.png', '/js/2.js', '/js/2.png', '/js/3.js', '/js/3.png'],
    ],
  ];
  for (const [rule, html, links] of cases) {
    test(rule, () => assert.deepEqual(at(html), links));
  }

  test('the data of Next.js’s pages router, by the id of the build', () => {
    const html = '<script id="__NEXT_DATA__">{"page":"/a","buildId":"x-1_Y"}</script>';
    const of = (url: string, body = html) => dataUrlsIn([{ html: body, url: new URL(url) }]);
    assert.deepEqual(of('https://edge.example/dir/page/'), ['/_next/data/x-1_Y/dir/page.json']);
    assert.deepEqual(of('https://edge.example/'), ['/_next/data/x-1_Y/index.json']);
    assert.deepEqual(of('https://edge.example/', '{"buildId":"../x"}'), []);
  });

  test('are tried up to a limit of 24', () => {
    const html = Array.from({ length: 1000 }, (_, n) => `<a href="/page/${n}">${n}</a>`).join('\n');
    assert.lengthOf(at(html), 24);
  });
});
