import { assert, describe, test } from 'vitest';
import type { GateOptions, GatePlatform, OnRefused } from '../../core/adapter.ts';
import { PomeriumError } from '../../core/index.ts';
import { type GateRig, makeGateRig, ORIGIN } from '../support/gate.ts';
import { HOST } from '../support/issuer.ts';

const PAGE = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const denied = new PomeriumError('policy_denied', 'for the operator', { received: 'secret-value' });
const missing = new PomeriumError('missing_assertion', 'for the operator');

interface Asked {
  error?: PomeriumError;
  method?: string;
  url?: string;
  headers?: Record<string, string>;
}

/** How the gate answers a refused request. */
function refuse({ gate }: GateRig, { error = missing, method = 'GET', url = `${ORIGIN}/`, headers = {} }: Asked = {}) {
  const native = new Request(`${ORIGIN}/native`);
  return gate.refuse(error, { method, url, headers }, native);
}

/** Each link of a page, with its text. */
function linksIn(page: string): [href: string, text: string][] {
  return Array.from(page.matchAll(/<a href="([^"]*)">([^<]*)<\/a>/g), ([, href = '', text = '']) => [href, text]);
}

const NO_RESPONSE = /onRefused must return a Response/;
/** Somebody's constant, after its first use. */
const READ = new Response('read');
await READ.text();
/** One whose body somebody else reads. */
const LOCKED = new Response('locked');
LOCKED.body?.getReader();

describe('a refusal', () => {
  const types: [name: string, accept: string | undefined, type: string][] = [
    ['a browser', PAGE.accept, 'text/html; charset=utf-8'],
    ['a program that names nothing', undefined, 'application/problem+json'],
    ['a program that takes anything', '*/*', 'application/problem+json'],
    ['a program that prefers JSON', 'application/json, text/html;q=0.5', 'application/problem+json'],
    ['a program that prefers a problem', 'application/problem+json, text/html;q=0.5', 'application/problem+json'],
    ['who takes a page as well as JSON', 'application/json, text/html', 'text/html; charset=utf-8'],
    ['who takes a page and prefers what is not here', 'image/png, text/html;q=0.5', 'text/html; charset=utf-8'],
    ['who writes another parameter in front', 'text/html;level=1;q=0.5, */*;q=0.1', 'text/html; charset=utf-8'],
    ['a program that takes no page', 'text/html;q=0, */*', 'application/problem+json'],
    ['who writes it in capitals', 'TEXT/HTML', 'text/html; charset=utf-8'],
    ['who gives no weight that is one', 'text/html;q=x', 'application/problem+json'],
    ['who sends as many types as a header can hold', `${','.repeat(130_000)}text/html`, 'text/html; charset=utf-8'],
  ];
  for (const [name, accept, type] of types) {
    test(`for ${name} is ${type}, and varies with Accept`, async () => {
      const response = await refuse(makeGateRig(), { headers: accept === undefined ? {} : { accept } });
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('content-type'), type);
      assert.equal(response.headers.get('vary'), 'accept');
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('www-authenticate'), 'Pomerium error="missing_assertion"');
    });
  }

  test('by a policy is a page that says so, and tells nothing of the rule', async () => {
    const response = await refuse(makeGateRig(), { error: denied, headers: PAGE });
    assert.equal(response.status, 403);
    const page = await response.text();
    assert.match(page, /<h1>No access<\/h1>\s*<p>Access is denied by policy\.<\/p>\s*<p>You are signed in, but/);
    assert.include(page, '<code>policy_denied</code>');
    assert.notInclude(page, 'secret');
    assert.notInclude(page, 'operator');
  });

  for (const [type, headers] of [
    ['text/html; charset=utf-8', PAGE],
    ['application/problem+json', {}],
  ] as const) {
    test(`of a HEAD request is ${type} without its body`, async () => {
      const response = await refuse(makeGateRig(), { method: 'HEAD', headers });
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('content-type'), type);
      assert.equal(await response.text(), '');
    });
  }

  test('has the headers that the platform gives every answer, also where its answers are shared', async () => {
    const noStoreHeaders = { 'x-cdn-cache-control': 'no-store' };
    for (const shared of [true, false]) {
      const response = await refuse(makeGateRig({ shared }, { noStoreHeaders }));
      assert.equal(response.headers.get('x-cdn-cache-control'), 'no-store');
    }
  });
});

describe('the page', () => {
  const links: [name: string, options: GateOptions, url: string, link: string | undefined][] = [
    ['leads to the same place', {}, 'https://edge.example/a/b?c=d&e', `https://${HOST}/a/b?c=d&#38;e`],
    ['leads there from a target, too', {}, '/a?b', `https://${HOST}/a?b`],
    ['leads to no other host', {}, '//evil.test/a', `https://${HOST}/a`],
    ['leads to no other host', {}, 'https://edge.example//evil.test', `https://${HOST}//evil.test`],
    [
      'leads to a path that holds no markup',
      {},
      `https://edge.example/"><script>alert(1)</script>?'"><b>`,
      `https://${HOST}/%22%3E%3Cscript%3Ealert(1)%3C/script%3E?%27%22%3E%3Cb%3E`,
    ],
    ['leads to the host alone from what is no URL', {}, 'https://', undefined],
    ['leads nowhere from a URL whose path is none', {}, 'mailto:@evil.test/', undefined],
    ['leads nowhere from a URL that would not make one', {}, 'x:[', undefined],
    ['leads to the one audience of a list', { audience: ['a.example.com'] }, '/x', 'https://a.example.com/x'],
    ['leads nowhere where there are several audiences', { audience: ['a.example.com', HOST] }, '/x', undefined],
    ['leads nowhere from an audience that is an IPv6 address', { audience: '::1' }, '/x', undefined],
  ];
  test('leads to the host where the platform does not know the URL', async () => {
    const response = await makeGateRig().gate.refuse(missing, { headers: PAGE }, new Request(ORIGIN));
    assert.equal(linksIn(await response.text())[0]?.[0], `https://${HOST}/`);
  });

  for (const [name, options, url, link] of links) {
    test(`${name}: ${url.slice(0, 40)}`, async () => {
      const response = await refuse(makeGateRig(options), { url, headers: PAGE });
      assert.equal(response.status, 401);
      const page = await response.text();
      assert.equal(linksIn(page)[0]?.[0], link ?? '');
      assert.notMatch(page, /<(script|b)>/);
    });
  }
});

describe('a refusal with CORS', () => {
  const APP = 'https://app.test';
  const cases: [
    name: string,
    corsOrigins: string[],
    origin: string | undefined,
    expected: Record<string, string | null>,
  ][] = [
    [
      'for an origin in the list may be read, with credentials',
      ['https://other.test', APP],
      APP,
      { 'access-control-allow-origin': APP, 'access-control-allow-credentials': 'true', vary: 'origin, accept' },
    ],
    [
      'for another origin may not',
      [APP],
      'https://evil.test',
      { 'access-control-allow-origin': null, vary: 'origin, accept' },
    ],
    [
      'for any origin may be read without credentials',
      ['*'],
      APP,
      { 'access-control-allow-origin': '*', 'access-control-allow-credentials': null },
    ],
    ['without an origin has no such header', [APP], undefined, { 'access-control-allow-origin': null, vary: 'accept' }],
    ['where no origin is allowed has no such header', [], APP, { 'access-control-allow-origin': null, vary: 'accept' }],
  ];
  for (const [name, corsOrigins, origin, expected] of cases) {
    test(name, async () => {
      const rig = makeGateRig({ corsOrigins });
      const { headers } = await refuse(rig, { headers: origin === undefined ? {} : { origin } });
      for (const [header, value] of Object.entries(expected)) assert.equal(headers.get(header), value, header);
      const exposed = expected['access-control-allow-origin'] ? 'retry-after, www-authenticate' : null;
      assert.equal(headers.get('access-control-expose-headers'), exposed);
    });
  }

  test('has no such header where it is not asked for one', async () => {
    for (const rig of [makeGateRig(), makeGateRig({ corsOrigins: [APP] })]) {
      const { headers } = await refuse(rig);
      assert.deepEqual([...headers.keys()].sort(), ['cache-control', 'content-type', 'vary', 'www-authenticate']);
    }
  });

  test('has these headers on an answer of one’s own, too', async () => {
    const rig = makeGateRig({ corsOrigins: [APP], onRefused: () => new Response('mine', { status: 418 }) });
    const response = await refuse(rig, { headers: { origin: APP } });
    assert.equal(response.status, 418);
    assert.equal(response.headers.get('access-control-allow-origin'), APP);
  });

  for (const origin of [
    'https://app.test:8443',
    'http://localhost',
    'http://[::1]:3000',
    'capacitor://localhost',
    'web+app-2.x://a',
  ]) {
    test(`for ${origin}, which a browser sends, may be read`, async () => {
      const { headers } = await refuse(makeGateRig({ corsOrigins: [origin] }), { headers: { origin } });
      assert.equal(headers.get('access-control-allow-origin'), origin);
    });
  }

  for (const origin of [
    ...['app.test', 'https://app.test/', 'https://app.test/x', 'https://App.test', 'HTTPS://app.test', ''],
    ...['https://app.test?x', 'https://app.test#x', 'https://app.test https://b.test', ' https://app.test'],
    ...['https://', 'https:/app.test', 'https//app.test', '1s://app.test', 'h_s://app.test', '**'],
  ]) {
    test(`${JSON.stringify(origin)}, which no browser sends, is refused when it is built`, async () => {
      const rig = makeGateRig({ corsOrigins: [origin] });
      assert.equal(await rig.ask({}), 'invalid_configuration');
      const { message } = JSON.parse(String(rig.lines[0]?.line));
      assert.match(message, /^corsOrigins (has .*, which no browser sends; write 'https:|must be a list of names)/);
    });
  }
});

describe('the page for whom a policy refused', () => {
  const cases: [name: string, options: GateOptions, url: string, links: [string, string][]][] = [
    [
      'leads to what may help, since trying again does not',
      {},
      'https://edge.example/admin',
      [
        [`https://${HOST}/`, 'Home page'],
        [`https://${HOST}/.pomerium/`, 'Who am I?'],
        [`https://${HOST}/.pomerium/sign_out`, 'Sign out'],
      ],
    ],
    [
      'leads not to where they are',
      {},
      '/?a',
      [
        [`https://${HOST}/.pomerium/`, 'Who am I?'],
        [`https://${HOST}/.pomerium/sign_out`, 'Sign out'],
      ],
    ],
    [
      'stays on its host where there are several',
      { audience: ['a.example.com', HOST] },
      '/x',
      [
        ['/', 'Home page'],
        ['/.pomerium/', 'Who am I?'],
        ['/.pomerium/sign_out', 'Sign out'],
      ],
    ],
    [
      'leads to where help is',
      { refusalPage: { helpUrl: 'mailto:help@example.com?subject=a&body=b' } },
      '/',
      [
        [`https://${HOST}/.pomerium/`, 'Who am I?'],
        [`https://${HOST}/.pomerium/sign_out`, 'Sign out'],
        ['mailto:help@example.com?subject=a&#38;body=b', 'Get help'],
      ],
    ],
  ];
  for (const [name, options, url, links] of cases) {
    test(name, async () => {
      const response = await refuse(makeGateRig(options), { error: denied, url, headers: PAGE });
      assert.deepEqual(linksIn(await response.text()), links);
    });
  }
});

describe('the page for another refusal leads to what may help, and then to where help is:', () => {
  const helpUrl = 'https://help.test/';
  const unavailable = new PomeriumError('keys_unavailable', '');
  const broken = new PomeriumError('invalid_configuration', '');
  const audience = ['a.example.com', HOST];
  const cases: [name: string, error: PomeriumError, options: GateOptions, link: [string, string]][] = [
    ['a 401', missing, {}, [`https://${HOST}/x`, `Open ${HOST}`]],
    ['a 401 where there are several audiences', missing, { audience }, ['', 'Try again']],
    ['a 500', broken, {}, ['', 'Try again']],
    ['a 503', unavailable, {}, ['', 'Try again']],
  ];
  for (const [name, error, options, link] of cases) {
    test(name, async () => {
      const rig = makeGateRig({ refusalPage: { helpUrl }, ...options });
      const page = await (await refuse(rig, { error, url: '/x', headers: PAGE })).text();
      assert.deepEqual(linksIn(page), [link, [helpUrl, 'Get help']]);
      assert.match(page, /<\/a>\s+<a /, 'so that they are apart where there is no style');
    });
  }
});

test('each refusal has a heading and advice of its own', async () => {
  const texts = new Set<string>();
  for (const code of ['missing_assertion', 'policy_denied', 'invalid_configuration', 'keys_unavailable'] as const) {
    const error = new PomeriumError(code, '');
    const page = await (await refuse(makeGateRig(), { error, headers: PAGE })).text();
    const [, heading = '', advice = ''] = /<h1>(\w.*)<\/h1>.*<p>(\w.*\.)<\/p>\s*<nav>/s.exec(page) ?? [];
    assert.isAbove(heading.length, 5, code);
    assert.isAbove(advice.length, 30, code);
    texts.add(heading).add(advice);
  }
  assert.equal(texts.size, 8);
});

describe('what a help desk needs is on the page:', () => {
  const cloudflare = { requestIdHeader: 'cf-ray' };
  const cases: [name: string, headers: Record<string, string>, id?: string, platform?: Partial<GatePlatform>][] = [
    ['of Cloudflare', { 'x-request-id': 'r-1', 'cf-ray': 'c-1' }, 'c-1', cloudflare],
    ['of whoever stands before', { 'x-request-id': 'r-1' }, 'r-1', cloudflare],
    ['of no platform but this one', { 'x-request-id': 'r-1', 'cf-ray': 'c-1' }, 'r-1'],
    ['with markup', { 'x-request-id': '<b>' }, '<b>'],
    ['that is long', { 'x-request-id': 'x'.repeat(99) }, 'x'.repeat(64)],
    ['that is empty', { 'x-request-id': '' }],
    ['that is not there', {}],
  ];
  for (const [name, headers, id, platform = {}] of cases) {
    test(`status, code, time and the id ${name}, as the log has it`, async () => {
      const rig = makeGateRig({}, platform);
      const page = await (await refuse(rig, { headers: { ...PAGE, ...headers } })).text();
      const footer = /<footer>(.*)<\/footer>/.exec(page)?.[1];
      const [, instant = ''] = /<time datetime="([^"]*)">/.exec(page) ?? [];
      assert.closeTo(Date.parse(instant), Date.now(), 60_000);
      const time = `<time datetime="${instant}">${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC</time>`;
      const end = id === undefined ? '' : `, <code>${id.replace('<', '&#60;').replace('>', '&#62;')}</code>`;
      assert.equal(
        footer,
        `For whoever runs this site:<br><bdi>401 <code>missing_assertion</code>, ${time}${end}</bdi>`,
      );
      await rig.ask({ headers });
      assert.equal(JSON.parse(String(rig.lines[0]?.line)).request.id, id);
    });
  }

  test('the id of a platform that has it in no header', async () => {
    const { gate } = makeGateRig();
    const request = { method: 'GET', url: '/', headers: { ...PAGE, 'x-request-id': 'r-1' }, requestId: 'l-1' };
    assert.include(await (await gate.refuse(missing, request, new Request(ORIGIN))).text(), ', <code>l-1</code>');
  });

  test('the id, where the configuration cannot work', async () => {
    const rig = makeGateRig({ audience: '' }, cloudflare);
    assert.include(await (await refuse(rig, { headers: { ...PAGE, 'cf-ray': 'c-1' } })).text(), ', <code>c-1</code>');
  });
});

test('the page may load nothing but its own style, and tells no other site where it is', async () => {
  const response = await refuse(makeGateRig(), { headers: PAGE });
  const { headers } = response;
  const [, style = ''] = /<style>(.*)<\/style>/s.exec(await response.text()) ?? [];
  assert.match(style, /\bbody \{/);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  assert.equal(
    headers.get('content-security-policy'),
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
});

test('the page is there whatever the clock of the options says', async () => {
  const response = await refuse(makeGateRig({ now: () => Number.NaN }), { headers: PAGE });
  assert.equal(response.status, 401);
});

describe('refusalPage', () => {
  const TEXTS = {
    nl: { 403: ['Geen <b>toegang', 'Dit is niet voor u.'], signOut: 'Uitloggen', operator: 'Voor de beheerder:' },
    'pt-BR': { 401: ['Entre', 'Abra o site.'], open: 'Abrir {host}' },
  } as const;

  test('names the site in title and head', async () => {
    const rig = makeGateRig({ refusalPage: { siteName: 'R&D <Wiki>' } });
    const page = await (await refuse(rig, { headers: PAGE })).text();
    assert.include(page, '<title>Please sign in – R&#38;D &#60;Wiki&#62;</title>');
    assert.include(page, '<header>R&#38;D &#60;Wiki&#62;</header>');
  });

  test('is by default named by the host behind Pomerium, and by nothing where there are several', async () => {
    const named = await (await refuse(makeGateRig(), { headers: PAGE })).text();
    assert.include(named, `<header>${HOST}</header>`);
    const unnamed = await (await refuse(makeGateRig({ audience: ['a.example.com', HOST] }), { headers: PAGE })).text();
    assert.include(unnamed, '<title>Please sign in</title>');
    assert.match(unnamed, /<body>\s*<main>/);
  });

  test('is in English by default, whatever is asked for', async () => {
    for (const more of [{}, { 'accept-language': 'nl' }]) {
      const response = await refuse(makeGateRig(), { headers: { ...PAGE, ...more } });
      assert.equal(response.headers.get('content-language'), 'en');
      assert.include(await response.text(), '<html lang="en" dir="ltr">');
    }
  });

  const languages: [accepted: string | undefined, language: string, heading: string][] = [
    ['nl', 'nl', 'Geen &#60;b&#62;toegang'],
    ['nl-BE,en;q=0.9', 'nl', 'Geen &#60;b&#62;toegang'],
    ['NL', 'nl', 'Geen &#60;b&#62;toegang'],
    ['en-GB,nl;q=0.9', 'en', 'No access'],
    ['en;q=0.5, nl', 'nl', 'Geen &#60;b&#62;toegang'],
    ['nl;q=0, en', 'en', 'No access'],
    ['en;q=0', 'nl', 'Geen &#60;b&#62;toegang'],
    ['nl;q=0.4, en;q=0.5', 'en', 'No access'],
    ['pt-br', 'pt-BR', 'No access'],
    ['pt', 'nl', 'Geen &#60;b&#62;toegang'],
    ['fr', 'nl', 'Geen &#60;b&#62;toegang'],
    ['*', 'nl', 'Geen &#60;b&#62;toegang'],
    ['', 'nl', 'Geen &#60;b&#62;toegang'],
    [undefined, 'nl', 'Geen &#60;b&#62;toegang'],
    ['constructor, __proto__', 'nl', 'Geen &#60;b&#62;toegang'],
    [`en-${'x'.repeat(32)}`, 'en', 'No access'],
    [`en-${'x'.repeat(33)}`, 'nl', 'Geen &#60;b&#62;toegang'],
    [`en${'-'.repeat(130_000)}`, 'nl', 'Geen &#60;b&#62;toegang'],
    [`${','.repeat(130_000)}en`, 'nl', 'Geen &#60;b&#62;toegang'],
  ];
  for (const [accepted, language, heading] of languages) {
    test(`speaks ${language} to ${accepted?.slice(0, 30)}`, async () => {
      const headers = { ...PAGE, ...(accepted !== undefined && { 'accept-language': accepted }) };
      const response = await refuse(makeGateRig({ refusalPage: { texts: TEXTS } }), { error: denied, headers });
      const page = await response.text();
      assert.equal(response.headers.get('content-language'), language);
      assert.include(page, `<html lang="${language}" dir="ltr">`);
      assert.include(page, `<h1>${heading}</h1>`);
    });
  }

  test('has the words of the language, and in English what that leaves out', async () => {
    const headers = { ...PAGE, 'accept-language': 'nl' };
    const rig = makeGateRig({ refusalPage: { texts: TEXTS } });
    const page = await (await refuse(rig, { error: denied, headers })).text();
    assert.match(page, /<\/h1>\s*<p>Dit is niet voor u\.<\/p>\s*<nav>/, 'and no English sentence beside it');
    assert.include(page, 'Voor de beheerder:<br><bdi>403 <code>policy_denied</code>');
    assert.deepEqual(
      linksIn(page).map(([, text]) => text),
      ['Who am I?', 'Uitloggen'],
    );
  });

  test('is written from the right where the language is, and not for where a country has its name', async () => {
    const rig = makeGateRig({ refusalPage: { texts: { 'ar-EG': {}, FA: {}, arn: {}, 'es-AR': {} } } });
    for (const [accepted, dir] of [
      ['ar-EG', 'rtl'],
      ['FA', 'rtl'],
      ['arn', 'ltr'],
      ['es-AR', 'ltr'],
    ] as const) {
      const page = await (await refuse(rig, { headers: { ...PAGE, 'accept-language': accepted } })).text();
      assert.include(page, `<html lang="${accepted}" dir="${dir}">`);
    }
  });

  test('puts the host where the text wants it', async () => {
    const headers = { ...PAGE, 'accept-language': 'pt-BR' };
    const page = await (await refuse(makeGateRig({ refusalPage: { texts: TEXTS } }), { headers })).text();
    assert.deepEqual(linksIn(page), [[`https://${HOST}/`, `Abrir ${HOST}`]]);
  });

  test('is without options the page of a gate that cannot work', async () => {
    const rig = makeGateRig({ audience: 'a:1', refusalPage: { siteName: 'Wiki' } });
    const broken = new PomeriumError('invalid_configuration', '');
    const response = await refuse(rig, { error: broken, headers: PAGE });
    assert.equal(response.status, 500);
    const page = await response.text();
    assert.include(page, '<h1>Not set up</h1>');
    assert.deepEqual(linksIn(page), [['', 'Try again']]);
  });

  const wrong: [value: unknown, sentence: RegExp][] = [
    ['Wiki', /^refusalPage must be an object.*siteName: 'Wiki'.*it is "Wiki"/],
    [[], /^refusalPage must be an object/],
    [{ sitename: 'Wiki' }, /no member of refusalPage "sitename"; there are siteName, helpUrl, texts/],
    [{ siteName: '' }, /^refusalPage\.siteName must be text/],
    [{ siteName: 1 }, /^refusalPage\.siteName must be text/],
    [{ helpUrl: 'javascript:alert(1)' }, /^refusalPage\.helpUrl must be a URL of https, http or mailto/],
    ...[
      '/help',
      'https://',
      'https:help.example',
      'ftp://help.example',
      ' https://help.example',
      'see mailto:a@b',
      ['https://help.example'],
      1,
    ].map((helpUrl): [unknown, RegExp] => [
      { helpUrl },
      /^refusalPage\.helpUrl must be a URL of https, http or mailto/,
    ]),
    [{ siteName: ' ' }, /^refusalPage\.siteName must be text/],
    [{ texts: [] }, /^refusalPage\.texts must be an object of languages/],
    ...['"><b>', '', 'n', 'dialects1', 'languages', 'nl-', 'nl_BE', 'nl-123456789', 'xx nl', 'nl xx'].map(
      (tag): [unknown, RegExp] => [{ texts: { [tag]: {} } }, /^refusalPage\.texts must be by language/],
    ),
    [{ texts: { nl: 'x' } }, /^refusalPage\.texts\.nl must be an object/],
    [
      { texts: { nl: { 404: ['a', 'b'] } } },
      /no text refusalPage\.texts\.nl "404"; there are 401, 403, 500, 503, open/,
    ],
    [{ texts: { nl: { 403: 'Geen toegang' } } }, /^refusalPage\.texts\.nl\.403 must be a list of heading and advice/],
    [{ texts: { nl: { 403: ['Geen toegang'] } } }, /^refusalPage\.texts\.nl\.403 must be a list/],
    [{ texts: { nl: { 403: ['Geen', 'toegang', 'hier'] } } }, /^refusalPage\.texts\.nl\.403 must be a list/],
    [{ texts: { nl: { 403: ['Geen toegang', ''] } } }, /^refusalPage\.texts\.nl\.403 must be a list/],
    [{ texts: { nl: { 403: [1, 'x'] } } }, /^refusalPage\.texts\.nl\.403 must be a list/],
    [{ texts: { nl: { 403: { length: 2 } } } }, /^refusalPage\.texts\.nl\.403 must be a list/],
    [{ texts: { nl: { home: '' } } }, /^refusalPage\.texts\.nl\.home must be text/],
    [{ texts: { nl: { home: ['Thuis', 'x'] } } }, /^refusalPage\.texts\.nl\.home must be text/],
  ];
  for (const [value, sentence] of wrong) {
    test(`is refused when it is built: ${JSON.stringify(value)}`, async () => {
      const rig = makeGateRig({ refusalPage: value as never });
      assert.equal(await rig.ask({}), 'invalid_configuration');
      assert.match(JSON.parse(String(rig.lines[0]?.line)).message, sentence);
    });
  }

  const right: unknown[] = [
    {},
    ...['https://help.example/x', 'http://help.example', 'MAILTO:help@example.com'].map((helpUrl) => ({ helpUrl })),
    ...['nl', 'pt-BR', 'zh-Hant-TW', 'DE-1996', 'language', 'nl-12345678'].map((tag) => ({ texts: { [tag]: {} } })),
    { texts: { nl: { 401: ['a', 'b'], 403: ['a', 'b'], 500: ['a', 'b'], 503: ['a', 'b'], open: 'c', operator: 'd' } } },
  ];
  for (const value of right) {
    test(`is taken: ${JSON.stringify(value)}`, async () => {
      const rig = makeGateRig({ refusalPage: value as never });
      assert.equal(await rig.ask({}), 'missing_assertion');
    });
  }

  test('is refused by the name of its variable where it stands in one', async () => {
    const rig = makeGateRig({}, { env: { POMERIUM_REFUSAL_PAGE: '{"siteName":1}' } });
    assert.equal(await rig.ask({}), 'invalid_configuration');
    assert.match(JSON.parse(String(rig.lines[0]?.line)).message, /^POMERIUM_REFUSAL_PAGE\.siteName must be text/);
  });
});

describe('a server action of Next.js is answered with a sentence, which its client shows', () => {
  const sentences: [error: PomeriumError, sentence: string][] = [
    [missing, 'You are signed out: reload this page to sign in.'],
    [
      new PomeriumError('expired', '', { received: 'secret-value' }),
      'You are signed out: reload this page to sign in.',
    ],
    [denied, 'You are signed in, but this is not for you. If it should be, ask whoever runs this site.'],
    [
      new PomeriumError('keys_unavailable', '', { retryAfter: 7 }),
      'Who you are cannot be checked at the moment. Try again in a moment.',
    ],
    [new PomeriumError('invalid_configuration', ''), 'This site cannot check who you are. Tell whoever runs it.'],
  ];
  for (const [error, sentence] of sentences) {
    test(error.code, async () => {
      const headers = { 'next-action': 'ab12', accept: 'text/x-component' };
      const response = await refuse(makeGateRig(), { error, method: 'POST', headers });
      assert.equal(response.status, error.status);
      assert.equal(await response.text(), sentence);
      assert.equal(response.headers.get('content-type'), 'text/plain', 'the client compares the whole value');
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('retry-after'), error.status === 503 ? '7' : null);
    });
  }

  test('a form that is sent without scripts gets the page', async () => {
    const response = await refuse(makeGateRig(), { method: 'POST', headers: PAGE });
    assert.include(await response.text(), '<h1>Please sign in</h1>');
  });

  test('and what onRefused answers stays as it is', async () => {
    const rig = makeGateRig({ onRefused: () => new Response('mine', { status: 401 }) });
    const response = await refuse(rig, { method: 'POST', headers: { 'next-action': 'ab12' } });
    assert.equal(await response.text(), 'mine');
  });
});

describe('onRefused', () => {
  const answers: [name: string, onRefused: OnRefused<Request>, status: number, body: string][] = [
    [
      'is given the error and the native request',
      ({ code }, { url }) => new Response(`${code} ${url}`, { status: 418 }),
      418,
      `missing_assertion ${ORIGIN}/native`,
    ],
    ['may redirect', () => Response.redirect('https://login.test/', 302), 302, ''],
    ['may answer as if nothing were wrong', () => new Response('welcome'), 200, 'welcome'],
    ['may answer without a body', () => new Response(null, { status: 403 }), 403, ''],
    ['may take its time', async () => new Response('late', { status: 403 }), 403, 'late'],
  ];
  for (const [name, onRefused, status, body] of answers) {
    test(`${name}, and its answer is never cached`, async () => {
      const rig = makeGateRig({ onRefused });
      const response = await refuse(rig);
      assert.equal(response.status, status);
      assert.equal(await response.text(), body);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('location'), status === 302 ? 'https://login.test/' : null);
      assert.deepEqual(rig.lines, []);
    });
  }

  test('keeps its answer from caches whatever that says itself, and keeps its other headers', async () => {
    const headers = { 'cache-control': 'public, max-age=600', 'set-cookie': 'a=1', 'x-mine': '1' };
    const rig = makeGateRig({ onRefused: () => new Response('mine', { status: 403, headers }) });
    const response = await refuse(rig);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('x-mine'), '1');
    assert.equal(response.headers.get('set-cookie'), 'a=1');
    assert.isNull(response.headers.get('vary'), 'it is for whatever the client accepts');
  });

  test('answers a HEAD request without a body', async () => {
    const rig = makeGateRig({ onRefused: () => new Response('mine', { status: 403 }) });
    const response = await refuse(rig, { method: 'HEAD' });
    assert.equal(response.status, 403);
    assert.equal(await response.text(), '');
  });

  test('may answer by a class of its own: what sends it does not ask of which realm it is', async () => {
    const { status, headers, body } = new Response('mine', { status: 403, headers: { 'x-mine': '1' } });
    const foreign = { status, headers, body, statusText: '', bodyUsed: false };
    const response = await refuse(makeGateRig({ onRefused: () => foreign as unknown as Response }));
    assert.equal(response.status, 403);
    assert.equal(response.headers.get('x-mine'), '1');
    assert.equal(await response.text(), 'mine');
  });

  test('leaves it to the gate with undefined', async () => {
    const rig = makeGateRig({ onRefused: () => undefined });
    assert.include(await (await refuse(rig)).json(), { code: 'missing_assertion' });
    assert.deepEqual(rig.lines, []);
  });

  /** What is no answer, whatever its type says. */
  const broken: [name: string, onRefused: () => unknown, line: RegExp][] = [
    [
      'throws',
      () => {
        throw new TypeError('a mistake in onRefused');
      },
      /a mistake in onRefused/,
    ],
    [
      'throws what is no error, of which the log has the type alone',
      () => {
        throw 'secret-value';
      },
      /"onRefused failed: a value of type string"/,
    ],
    ['rejects', () => Promise.reject(new TypeError('a mistake in onRefused')), /a mistake in onRefused/],
    ['returns text', () => 'no', NO_RESPONSE],
    ['returns null', () => null, NO_RESPONSE],
    ['returns an object', () => ({}), NO_RESPONSE],
    ['returns an object with headers', () => ({ headers: new Headers() }), NO_RESPONSE],
    ['returns an object with a status', () => ({ status: 403 }), NO_RESPONSE],
    ['returns a network error', () => Response.error(), NO_RESPONSE],
    ['returns an answer that was read before', () => READ, NO_RESPONSE],
    ['returns an answer that somebody reads', () => LOCKED, NO_RESPONSE],
  ];
  for (const [name, onRefused, line] of broken) {
    test(`that ${name}: the gate answers, and the log says why`, async () => {
      const rig = makeGateRig({ onRefused: onRefused as OnRefused<Request> });
      const response = await refuse(rig);
      assert.equal(response.status, 401);
      assert.include(await response.json(), { code: 'missing_assertion' });
      assert.lengthOf(rig.lines, 1);
      assert.match(String(rig.lines[0]?.line), line);
    });
  }
});
