import { assert, describe, test } from 'vitest';
import { imageSources } from '../../core/gate/image-source.ts';
import { readPath } from '../../core/gate/path.ts';
import { compilePathRules, type PathRule } from '../../core/gate/rules.ts';
import { compilePolicy } from '../../core/index.ts';
import { type AccessName, accessName, admins, IDENTITY } from '../support/access-name.ts';
import { makeGateRig, ORIGIN, SENDERS, type Sender } from '../support/gate.ts';
import { codeOf } from '../support/verifying.ts';

const RULES: readonly PathRule[] = [
  { prefix: '/admin', access: admins },
  { path: '/', access: 'authenticated' },
  { prefix: '/_next', access: 'public' },
  { prefix: '/', access: 'public' },
];

function judge(name: string, cases: readonly [target: string, access: AccessName][], rules = RULES): void {
  describe(name, () => {
    for (const [target, access] of cases) {
      test(`${target} is for ${access}`, () => {
        assert.equal(accessName(compilePathRules(rules).accessTo([readPath(`https://app.example${target}`)])), access);
      });
    }
  });
}

const D = '/_next/data/ID';

judge('a data URL within a data URL has no reading:', [
  [`${D}${D}/admin.json.json`, 'nobody'],
  [`${D}/_next/data/OTHER/admin.json.json`, 'nobody'],
  [`${D}/fr${D}/fr/admin.json.json`, 'nobody'],
  [`/cdn${D}${D}${D}/admin.json.json.json`, 'nobody'],
  [`${D}/_NEXT/DATA/ID/admin.json.json`, 'nobody'],
  [`${D}/%E2%80%A8${D}/admin.json.json`, 'nobody'],
  [`${D}/admin.json`, 'admins'],
]);

test('nobody may see what may be served as a data URL within a data URL, whatever else it may be served as', () => {
  const nested = `${D}${D}/x.json.json`;
  for (const paths of [
    ['/public', nested],
    [nested, '/public'],
  ]) {
    assert.equal(accessName(compilePathRules(RULES).accessTo(paths)), 'nobody');
  }
  const everywhere = compilePathRules([{ prefix: '/', access: 'authenticated' }]);
  assert.equal(accessName(everywhere.accessTo([nested])), 'authenticated', 'but where all paths have the same access');
});

judge('the page of a data URL may stand behind a locale of any form:', [
  [`${D}/default/admin.json`, 'admins'],
  [`${D}/x/admin/users.json`, 'admins'],
  [`${D}/en_US/admin.json`, 'admins'],
  [`/default${D}/admin.json`, 'admins'],
  [`/default${D}/default/admin.json`, 'admins'],
  [`${D}/default.json`, 'authenticated'],
  [`${D}/a/b/admin.json`, 'public'],
]);

judge(
  'the part of basePath that no locale is stays the page’s:',
  [
    ['/docs/default/_next/data/ID/admin.json', 'admins'],
    ['/docs/default/_next/data/ID/default/admin.json', 'admins'],
  ],
  [
    { prefix: '/docs/admin', access: admins },
    { prefix: '/', access: 'public' },
  ],
);

judge('a path of Next.js’s intercepting routes has no reading:', [
  ['/(.)admin', 'nobody'],
  ['/feed/(..)admin', 'nobody'],
  ['/feed/x/(..)(..)admin', 'nobody'],
  ['/feed/(...)admin', 'nobody'],
  ['/%28.%29admin', 'nobody'],
  ['/feed/(.)', 'nobody'],
  ['/feed/(c)', 'public'],
  ['/feed/a(.)b', 'public'],
  ['/feed/(.a)', 'public'],
  ['/x/_next/static/(...)admin', 'nobody'],
  ['/_NEXT/static/(...)admin', 'nobody'],
]);

judge('a script of an intercepting route, as webpack names it, is a file:', [
  ['/_next/static/chunks/app/feed/@modal/(.)photo/%5Bid%5D/page-0a1b.js', 'public'],
  ['/_next/static/chunks/app/(...)admin/page-0a1b.js', 'public'],
  ['/_next/static/../(...)admin', 'nobody'],
]);

judge('a spelling is compared as servers fold it:', [
  ['/adm%C4%B0n', 'admins'],
  ['/ADM%C4%B0N/users', 'admins'],
  ['/adm%C4%B1n', 'admins'],
  ['/admi%CC%87n', 'admins'],
  ['/%EF%BC%8E%EF%BC%8E/admin', 'nobody'],
  ['/x%EF%BC%8Fadmin', 'nobody'],
  ['/x%EF%BC%BCadmin', 'nobody'],
]);

judge(
  'a letter with a dot of its own keeps it:',
  [
    ['/z%CC%87', 'admins'],
    ['/%C5%BC', 'admins'],
    ['/z', 'public'],
  ],
  [
    { prefix: '/ż', access: admins },
    { prefix: '/', access: 'public' },
  ],
);

judge(
  'the documents of more frameworks are their pages:',
  [
    ['/reports/q-loader-data.aBc123.json', 'admins'],
    ['/reports/page-data.json', 'admins'],
    ['/reports/q-loader.json', 'public'],
  ],
  [
    { path: '/reports', access: admins },
    { prefix: '/', access: 'public' },
  ],
);

test('a policy on paths refuses those of intercepting routes', async () => {
  const policy = compilePolicy({ allow: { or: [{ http_path: { starts_with: '/feed/' } }] } });
  const check = (url: string) => codeOf(async () => policy.check(IDENTITY, { url, headers: {} }));
  assert.equal(await check('/feed/(..)secret'), 'policy_denied');
  assert.equal(await check('/feed/(c)'), 'valid');
});

describe('imageSources()', () => {
  const cases: [target: string, sources: string[]][] = [
    ['/_next/image?url=%2Fadmin%2Fpic.png&w=64&q=75', ['/admin/pic.png']],
    ['https://app.example/_next/image?url=%2Fadmin%2Fpic.png', ['/admin/pic.png']],
    ['/docs/_next/image/?w=64&url=/docs/pic.png', ['/docs/pic.png']],
    ['/_vercel/image?url=%2Fpic.png', ['/pic.png']],
    ['/_NEXT/%69mage?url=%2Fpic.png', ['/pic.png']],
    ['/_next/image?url=%2Fa.png&url=%2Fb.png', ['/a.png', '/b.png']],
    ['/_next/image?url=https%3A%2F%2Fcdn.example%2Fa%2Fb.png', ['https://cdn.example/a/b.png']],
    ['/_next/image?w=64&url=/a.png?v=1', ['/a.png?v=1']],
    ['/_next/image', []],
    ['/_next/image?w=64', []],
    ['/_next/images?url=/a.png', ['/a.png']],
    ['/_next/image/x?url=/a.png', ['/a.png']],
    ['/docs/fr/_next/image;x/y?url=/a.png', ['/a.png']],
    ['/my_next/image?url=/a.png', []],
    ['/%zz/_next/image?url=/a.png', []],
    ['', []],
    ['/_next/static/x.png?url=%2Fadmin', []],
    ['/x?url=/_next/image', []],
  ];
  for (const [target, sources] of cases) {
    test(`of ${target} are ${JSON.stringify(sources)}`, () => assert.deepEqual(imageSources(target), sources));
  }
});

describe('a copy of an image is for whom both its URL and the image are:', () => {
  const rules: readonly PathRule[] = [
    { prefix: '/admin', access: admins },
    { prefix: '/_next', access: 'public' },
    { prefix: '/img', access: 'public' },
    { prefix: '/', access: 'authenticated' },
  ];
  const cases: [query: string, sender: Sender, answer: string][] = [
    ['url=%2Fimg%2Fa.png', 'nobody', 'nobody'],
    ['url=%2Fadmin%2Fpic.png', 'nobody', 'missing_assertion'],
    ['url=%2Fadmin%2Fpic.png', 'alice', 'policy_denied'],
    ['url=%2Fadmin%2Fpic.png', 'admin', 'u-admin'],
    ['url=%2Fimg%2Fa.png&url=%2Fadmin%2Fpic.png', 'alice', 'policy_denied'],
    ['url=%2Fimg%2F..%2Fadmin%2Fpic.png', 'admin', 'policy_denied'],
    ['url=https%3A%2F%2Fapp.example%2Fadmin%2Fpic.png', 'alice', 'policy_denied'],
    ['url=https%3A%2F%2Fcdn.example%2Fx.png', 'nobody', 'missing_assertion'],
    ['url=x', 'alice', 'policy_denied'],
    ['w=64', 'nobody', 'nobody'],
    // An optimiser takes one: more than eight are nobody's.
    [Array(8).fill('url=/img/a.png').join('&'), 'nobody', 'nobody'],
    [Array(9).fill('url=/img/a.png').join('&'), 'admin', 'policy_denied'],
  ];
  for (const [query, sender, answer] of cases) {
    test(`${query} for ${sender}: ${answer}`, async () => {
      const url = `${ORIGIN}/_next/image?${query}`;
      assert.equal(await makeGateRig({ rules }).ask({ url, headers: SENDERS[sender] }), answer);
    });
  }

  test('also where its URL only begins as that of an optimiser', async () => {
    const ask = (path: string) =>
      makeGateRig({ rules }).ask({ url: `${ORIGIN}${path}?url=%2Fadmin%2Fpic.png`, headers: {} });
    for (const path of ['/_next/imagex', '/_next/image/x', '/_next/image.json', '/img/_next/images'])
      assert.equal(await ask(path), 'missing_assertion', path);
  });

  test('a policy that asks about the path allows none, since it can be asked about one path only', async () => {
    const policy = compilePolicy({ allow: { or: [{ http_path: { starts_with: '/_next/' } }] } });
    const url = `${ORIGIN}/_next/image?url=%2Fadmin%2Fpic.png`;
    assert.equal(await makeGateRig({ policy }).ask({ url, headers: SENDERS.alice }), 'policy_denied');
  });
});
