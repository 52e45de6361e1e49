import { assert, describe, test } from 'vitest';
import { readPath } from '../../core/gate/path.ts';
import { allOf, compilePathRules, type PathRule } from '../../core/gate/rules.ts';
import { compilePolicy } from '../../core/index.ts';
import { type AccessName, accessName, admins, IDENTITY, staff } from '../support/access-name.ts';
import { assertMisconfigured, codeOf, errorOf } from '../support/verifying.ts';

/** Who may see each of these targets: URLs, as a Fetch platform hands them over, unless they are raw. */
function judge(rules: readonly PathRule[], cases: readonly [target: string, access: AccessName][]): void {
  for (const [target, access] of cases) {
    test(`${target} is for ${access}`, () => {
      assert.equal(accessName(compilePathRules(rules).accessTo([readPath(`https://app.example${target}`)])), access);
    });
  }
}

const TABLE: readonly PathRule[] = [
  { path: '/healthz', access: 'public' },
  { prefix: '/static/', access: 'public' },
  { path: '/logo.png', access: 'public' },
  { prefix: '/public', access: 'public' },
  { prefix: '/_next', access: 'public' },
  { prefix: '/page-data', access: 'public' },
  { prefix: '/admin', access: admins },
  { path: '/reports', access: staff },
  { prefix: '/api/admin', access: admins },
  { prefix: '/café', access: 'public' },
  { path: '/folder/', access: 'public' },
  { path: '/about', access: 'public' },
  { prefix: '/', access: 'authenticated' },
];

describe('the first rule that fits a path decides:', () => {
  judge(TABLE, [
    ['/', 'authenticated'],
    ['/other', 'authenticated'],
    ['/healthz', 'public'],
    ['/healthz?x=1', 'public'],
    ['/healthz/', 'public'],
    ['/healthz/x', 'authenticated'],
    ['/healthzx', 'authenticated'],
    ['/static', 'public'],
    ['/static/a.css', 'public'],
    ['/static/my%20file.css', 'public'],
    ['/staticx', 'authenticated'],
    ['/admin', 'admins'],
    ['/admin/', 'admins'],
    ['/admin/users?x=/healthz', 'admins'],
    ['/%61dmin', 'admins'],
    ['/administrator', 'authenticated'],
    ['/reports', 'staff'],
    ['/reports/', 'staff'],
    ['/reports/1', 'authenticated'],
    ['/café/menu', 'public'],
    ['/caf%C3%A9/menu', 'public'],
    ['/caf%c3%a9', 'public'],
    ['/folder/', 'public'],
    ['/folder', 'public'],
    ['/docs/100%25', 'authenticated'],
    ['/docs/what%3F', 'authenticated'],
    ['/v1/items;v=2', 'authenticated'],
  ]);
});

describe('another spelling is for whom the strictest rule is that means it:', () => {
  judge(TABLE, [
    ['/ADMIN', 'admins'],
    ['/Admin/users', 'admins'],
    ['/admin;x=1/users', 'admins'],
    ['/admin;/users', 'admins'],
    ['/admin%3bx', 'admins'],
    ['/;x/admin', 'admins'],
    // NFKC makes a/c of it, which is no more segments.
    ['/;%E2%84%80/admin', 'admins'],
    ['/reports;%E2%84%80', 'staff'],
    ['/admin.', 'admins'],
    ['/admin%20', 'admins'],
    ['/admin%20./users', 'admins'],
    ['/admin::$INDEX_ALLOCATION/users', 'admins'],
    ['/admin(1)', 'admins'],
    ['/admin%3Fx', 'admins'],
    ['/admin%3Fx=1&y', 'admins'],
    ['/admin%3F%E2%80%A8x', 'admins'],
    ['/admin%23x', 'admins'],
    ['/admin.json', 'admins'],
    ['/admin.json/', 'admins'],
    ['/admin.data', 'admins'],
    ['/admin.html', 'admins'],
    ['/admin.ts', 'admins'],
    ['/admin.rsc', 'admins'],
    ['/admin.prefetch.rsc', 'admins'],
    ['/admin.segments/_full.segment.rsc', 'admins'],
    ['/admin.segments/admin/__PAGE__.segment.rsc', 'admins'],
    ['/admin.php/users', 'admins'],
    ['/admin/index.html', 'admins'],
    ['/admin/__data.json', 'admins'],
    ['/index.php/admin', 'admins'],
    ['/index.html/Admin.json', 'admins'],
    ['/app.php/admin', 'admins'],
    ['/app_dev.php/Admin/users', 'admins'],
    ['/main.php/admin', 'admins'],
    ['/main.php/api/admin', 'admins'],
    ['/api/main.php/admin', 'admins'],
    ['/cgi.pl/index.php/admin.json', 'admins'],
    ['/app.php/reports', 'staff'],
    ['/app.php/reports/1', 'authenticated'],
    ['/main.php', 'authenticated'],
    ['/main.php5/admin', 'admins'],
    ['/main.asp/admin', 'admins'],
    ['/main.aspx/admin', 'admins'],
    ['/main.ashx/admin', 'admins'],
    ['/main.asmx/admin', 'admins'],
    ['/main.cgi/admin', 'admins'],
    ['/main.pl/admin', 'admins'],
    ['/main.phpx/admin', 'authenticated'],
    ['/main.segments/admin', 'authenticated'],
    ['/app.js/admin', 'authenticated'],
    ['/api/admin.ts', 'admins'],
    ['/api/admin/index.ts', 'admins'],
    ['/API/ADMIN/', 'admins'],
    ['/reports.json', 'staff'],
    ['/reports.segments/_tree.segment.rsc', 'staff'],
    ['/reports.php/1', 'staff'],
    ['/reports.do/1', 'staff'],
    ['/reports.json/1/2', 'staff'],
    ['/reports/index.json/1', 'staff'],
    ['/reports;v=1.2/1', 'authenticated'],
    ['/reports:v1.2/1', 'authenticated'],
    ['/reports(v1.2)/1', 'authenticated'],
    ['/reports/x.php/1', 'authenticated'],
    ['/reports/index.html', 'staff'],
    ['/reports/index', 'staff'],
    ['/reports/default.aspx', 'staff'],
    ['/reports/__data.json', 'staff'],
    ['/reports/__route.js', 'staff'],
    ['/reports/_payload.json', 'staff'],
    ['/reports/q-data.json', 'staff'],
    ['/reports/_.data', 'staff'],
    ['/reports/.rsc', 'staff'],
    ['/reports/__next._tree.txt', 'staff'],
    ['/reports/index%20.html', 'staff'],
    ['/reports/data.json', 'authenticated'],
    ['/reports/next.js', 'authenticated'],
    ['/reports/index.php/1', 'staff'],
    ['/reportſ', 'staff'],
    ['/%EF%BD%81dmin', 'admins'],
    ['/ADMI\uff2e/x', 'admins'],
    ['/reports/index2', 'authenticated'],
    ['/reports/_payload', 'authenticated'],
    ['/reports-2', 'authenticated'],
    ['/STATIC/a.css', 'authenticated'],
    ['/HEALTHZ', 'authenticated'],
    ['/healthz;x', 'authenticated'],
    ['/healthz.json', 'authenticated'],
    ['/logo.png', 'public'],
    ['/public/admin', 'public'],
    ['/public/admin.json', 'public'],
    ['/about.rsc', 'authenticated'],
  ]);

  describe('of the root', () => {
    judge(
      [
        { path: '/', access: admins },
        { prefix: '/', access: 'public' },
      ],
      [
        ['/', 'admins'],
        ['/index.html', 'admins'],
        ['/index.php/', 'admins'],
        ['/app.php', 'admins'],
        ['/app_dev.php/', 'admins'],
        ['/login.php', 'public'],
        ['/login.php/', 'public'],
        ['/login.php/x', 'public'],
        ['/app.js', 'public'],
        ['/__data.json', 'admins'],
        ['/_root.data', 'admins'],
        ['/index.rsc', 'admins'],
        ['/index.segments/_tree.segment.rsc', 'admins'],
        ['/_next/data/ID/index.json', 'admins'],
        ['/_next/data/ID/fr.json', 'admins'],
        ['/page-data/index/page-data.json', 'admins'],
        ['/other', 'public'],
        ['/other/index.html', 'public'],
      ],
    );
  });

  describe('of characters that have another case or form', () => {
    judge(
      [
        { prefix: '/kelvin', access: admins },
        { prefix: '/οδος', access: admins },
        { prefix: '/café', access: admins },
        { prefix: '/', access: 'public' },
      ],
      [
        ['/\u212aelvin', 'admins'],
        ['/ΟΔΟΣ', 'admins'],
        ['/ΟΔΟΣ.JSON', 'admins'],
        ['/οδοσ', 'admins'],
        ['/cafe\u0301', 'admins'],
        ['/CAFÉ', 'admins'],
        ['/cafe', 'public'],
      ],
    );
  });

  describe('of a rule that names a file', () => {
    judge(
      [
        { path: '/api/users.ts', access: admins },
        { path: '/export.html', access: admins },
        { path: '/help/index.html', access: admins },
        { path: '/old.php/', access: admins },
        { path: '/v2.0', access: admins },
        { prefix: '/index.php', access: staff },
        { prefix: '/v1.2', access: staff },
        { path: '/logo.png', access: staff },
        { prefix: '/', access: 'public' },
      ],
      [
        ['/api/users.ts', 'admins'],
        ['/api/users', 'admins'],
        ['/api/users/', 'admins'],
        ['/export', 'admins'],
        ['/export.htm', 'admins'],
        ['/help/', 'admins'],
        ['/help', 'admins'],
        ['/help/index', 'admins'],
        ['/help/x', 'public'],
        ['/old', 'admins'],
        ['/old.php', 'admins'],
        ['/old.php/x', 'admins'],
        ['/v2.0', 'admins'],
        ['/v2.0/x', 'public'],
        ['/v2.0.json/x', 'admins'],
        ['/index.php/x', 'staff'],
        ['/', 'staff'],
        ['/x', 'public'],
        ['/v1.2/x', 'staff'],
        ['/v1/x', 'public'],
        ['/v1.3/x', 'public'],
        ['/logo', 'public'],
        ['/LOGO.PNG', 'staff'],
      ],
    );
  });
});

describe('a rule that names a source file is for what it serves, too:', () => {
  const isFor = (rule: string, target: string) => {
    const rules: PathRule[] = [
      { path: rule, access: admins },
      { prefix: '/', access: 'public' },
    ];
    return accessName(compilePathRules(rules).accessTo([readPath(target)])) === 'admins';
  };
  const scripts = ['js', 'jsx', 'ts', 'tsx', 'cjs', 'cts', 'mjs', 'mts'];
  for (const extension of [...scripts, 'asp', 'aspx', 'go', 'htm', 'html', 'json', 'php', 'py', 'rb', 'TS']) {
    test(`.${extension}`, () => {
      assert.isTrue(isFor(`/api/users.${extension}`, '/api/users'));
      assert.isTrue(isFor(`/api/users.${extension}`, `/api/users.${extension}`));
    });
  }
  for (const extension of ['png', 'xs', 'xts', 'tsz', 'jsonl', 'goat', 'ts.png']) {
    test(`but not .${extension}, of which this is no other spelling`, () => {
      assert.isFalse(isFor(`/api/users.${extension}`, '/api/users'));
      assert.isTrue(isFor(`/api/users.${extension}`, `/api/users.${extension}`));
    });
  }
});

test('a file whose name is an extension alone is no other spelling of its folder', () => {
  const rules = compilePathRules([
    { prefix: '/api/.json', access: admins },
    { prefix: '/', access: 'public' },
  ]);
  assert.equal(accessName(rules.accessTo(['/api/.json'])), 'admins');
  assert.equal(accessName(rules.accessTo(['/api/x'])), 'public');
});

describe('the data of a page is for whom both its URL and the page are:', () => {
  judge(TABLE, [
    ['/_next/static/x.js', 'public'],
    ['/_next/data/ID/about.json', 'authenticated'],
    ['/_next/data/ID/fr/about.json', 'authenticated'],
    ['/_next/data/ID/admin.json', 'admins'],
    ['/_next/data/ID/ADMIN.json', 'admins'],
    ['/_NEXT/DATA/1/admin.json', 'admins'],
    ['/_next/data/ID/admin', 'admins'],
    ['/_next/data/ID/%E2%80%A8/admin.json', 'admins'],
    ['/page-data/admin/%E2%80%A8/page-data.json', 'admins'],
    ['/public%E2%80%A8/page-data/admin/page-data.json', 'admins'],
    ['/_next/data/ID/admin/users.json?slug=x', 'admins'],
    ['/_next/data/ID/fr/admin.json', 'admins'],
    ['/_next/data/ID/nl-NL/admin.json', 'admins'],
    ['/fr/_next/data/ID/admin.json', 'admins'],
    ['/fr/_next/data/ID/fr/admin.json', 'admins'],
    ['/public/_next/data/ID/admin.json', 'admins'],
    ['/public/_next/data/ID/fr/admin.json', 'admins'],
    ['/api/_next/data/ID/admin.json', 'admins'],
    ['/api/fr/_next/data/ID/fr/admin.json', 'admins'],
    ['/_next/data/ID/reports.json', 'staff'],
    ['/_next/data/ID/other.json', 'authenticated'],
    ['/_next/data', 'public'],
    ['/_next/data/ID.json', 'authenticated'],
    ['/page-data/about/page-data.json', 'public'],
    ['/page-data/admin/page-data.json', 'admins'],
    ['/page-data/admin/page-data.json%3Fx', 'nobody'],
    ['/page-data/admin%3Fx/page-data.json', 'admins'],
    ['/page-data/reports/page-data.json', 'staff'],
    ['/public/page-data/admin/page-data.json', 'admins'],
    ['/page-data/app-data.json', 'public'],
    ['/page-data/sq/d/123.json', 'public'],
    ['/page-data/admin/page-data.json/x', 'public'],
  ]);

  describe('and that of the page at the root is for it alone', () => {
    judge(
      [
        { prefix: '/_next', access: 'public' },
        { prefix: '/page-data', access: 'public' },
        { path: '/', access: 'authenticated' },
      ],
      [
        ['/_next/data/ID/index.json', 'authenticated'],
        ['/page-data/index/page-data.json', 'authenticated'],
        ['/_next/data/ID/x/index.json', 'nobody'],
        ['/page-data/x/index/page-data.json', 'nobody'],
      ],
    );
  });

  describe('below a basePath that looks like a locale', () => {
    judge(
      [
        { prefix: '/hr/admin', access: admins },
        { prefix: '/', access: 'public' },
      ],
      [['/hr/_next/data/ID/admin.json', 'admins']],
    );
  });
});

describe('what two servers could read in two ways is for nobody:', () => {
  const cases: [target: string, access: AccessName][] = [
    '/static/../admin/x',
    '/static/%2e%2e/admin',
    '/static\\..\\admin',
    '/admin/../public',
    '/admin/%2e%2e/public',
    '/admin/.',
    '/admin/%2e',
    '//admin',
    '/./%2fadmin',
    '/%2561dmin',
    '/%252561dmin',
    '/admin%2fusers/../../x%2f..%2f..%2fadmin',
    '/static/..%2fadmin',
    '/static/..%5cadmin',
    '/static/%2e%2e%2fadmin',
    '/static/%252e%252e%252fadmin',
    '/static/..;/admin',
    '/static/..;x=1/admin',
    '/admin/..%2fother',
    '/other/..%2fadmin',
    '/other%2f..%2fadmin',
    '/other%3f%252f..%252f..%252fadmin',
    '/healthz%2f',
    '/%e9',
    '/x%00',
    '/x%0d%0a',
    '/x%',
    '/x%zz',
    '/%2525252561dmin',
    '/public/..%2fadmin/index.php/..;/..;/public/x',
    '/public/..%2fadmin/users/..;/..;/public/x',
    '/public/..%2fadmin%2f..%5cpublic',
    '/public/..%2fadmin%2f%252e%252e%2fpublic/x',
    '/public/..%2fadmin%2f%2f..%2fpublic/x',
    '/%61dmin/index.php/..;/..;/x',
    '/%61dmin/users/..;/..;/x',
    '/admin/...',
    '/(S(x))/admin',
    '/admin\u00a0',
    '/admin\ufeff',
    '/admin\u2028?x',
  ].map((target) => [target, 'nobody']);
  judge(TABLE, cases);

  test('a path of more than 256 segments has no reading: each rule would look at each of them', () => {
    const rules: PathRule[] = [
      { prefix: '/admin', access: admins },
      { prefix: '/', access: 'authenticated' },
    ];
    const accessOf = (table: readonly PathRule[], count: number) =>
      accessName(compilePathRules(table).accessTo(['/x'.repeat(count)]));
    assert.deepEqual([accessOf(rules, 256), accessOf(rules, 257)], ['authenticated', 'nobody']);
    assert.equal(accessOf([{ prefix: '/', access: 'public' }], 257), 'public');
  });

  test('unless every path has the same access', () => {
    const unreadable = (rules: readonly PathRule[]) => accessName(compilePathRules(rules).accessTo([null]));
    assert.equal(unreadable([{ prefix: '/', access: 'authenticated' }]), 'authenticated');
    assert.equal(unreadable([{ prefix: '/', access: admins }]), 'admins');
    assert.equal(
      unreadable([
        { path: '/a', access: 'public' },
        { prefix: '/', access: 'public' },
      ]),
      'public',
    );
    assert.equal(unreadable([{ prefix: '/a', access: 'public' }]), 'nobody');
    assert.equal(unreadable([{ path: '/', access: 'public' }]), 'nobody');
    assert.equal(
      unreadable([
        { path: '/a', access: 'public' },
        { prefix: '/', access: 'authenticated' },
      ]),
      'nobody',
    );
  });
});

describe('path rules', () => {
  test('allow nothing where no rule fits the path itself', () => {
    const rules = compilePathRules([{ path: '/only', access: 'authenticated' }]);
    assert.equal(accessName(rules.accessTo(['/only'])), 'authenticated');
    assert.equal(accessName(rules.accessTo(['/ONLY'])), 'nobody');
    assert.equal(accessName(rules.accessTo(['/only.json'])), 'nobody');
    assert.equal(accessName(rules.accessTo(['/other'])), 'nobody');
  });

  test('count in their order, for other spellings, too', () => {
    const rules = compilePathRules([
      { path: '/a/b', access: 'authenticated' },
      { prefix: '/a', access: 'public' },
      { path: '/c.json', access: 'public' },
      { path: '/c', access: admins },
      { prefix: '/', access: 'authenticated' },
    ]);
    assert.equal(accessName(rules.accessTo(['/a/b'])), 'authenticated');
    assert.equal(accessName(rules.accessTo(['/a/b/c'])), 'public');
    assert.equal(accessName(rules.accessTo(['/c.json'])), 'public');
    assert.equal(accessName(rules.accessTo(['/c.data'])), 'admins');
  });

  test('require every policy that a spelling could mean', () => {
    const rules = compilePathRules([
      { path: '/a', access: admins },
      { prefix: '/A', access: staff },
      { prefix: '/', access: 'public' },
    ]);
    assert.equal(accessName(rules.accessTo(['/a'])), 'admins');
    assert.equal(accessName(rules.accessTo(['/A'])), 'admins and staff');
  });

  test('judge a request that may be served as several paths by the strictest', () => {
    const rules = compilePathRules(TABLE);
    assert.equal(accessName(rules.accessTo(['/about', '/healthz'])), 'public');
    assert.equal(accessName(rules.accessTo(['/about', '/other'])), 'authenticated');
    assert.equal(accessName(rules.accessTo(['/about', '/admin', '/other'])), 'admins');
    assert.equal(accessName(rules.accessTo(['/admin', '/reports'])), 'admins and staff');
    assert.equal(accessName(rules.accessTo(['/about', null])), 'nobody');
    assert.equal(accessName(rules.accessTo([])), 'nobody');
  });

  test('let nobody pass where no rule is for one of the paths that a request may be served as', () => {
    const rules = compilePathRules([
      { prefix: '/_next', access: 'public' },
      { path: '/me', access: 'authenticated' },
      { path: '/admin', access: admins },
    ]);
    assert.equal(accessName(rules.accessTo(['/_next/x', '/me'])), 'authenticated');
    for (const path of ['/_next/x', '/me', '/admin']) {
      assert.equal(accessName(rules.accessTo([path, '/other'])), 'nobody', path);
      assert.equal(accessName(rules.accessTo(['/other', path])), 'nobody', path);
    }
    assert.equal(accessName(rules.accessTo(['/_next/data/ID/other.json'])), 'nobody');
  });

  test('need the path, and the rest of the request where one of their policies asks about it', () => {
    const onMethod = compilePolicy({ allow: { or: [{ http_method: 'GET' }] } });
    const cases: [others: PathRule['access'][], needsRequest: boolean][] = [
      [[], false],
      [[admins], false],
      [[onMethod], true],
      [[admins, onMethod, staff], true],
    ];
    for (const [others, needsRequest] of cases) {
      const rules = compilePathRules([
        ...others.map((access, i) => ({ path: `/${i}`, access })),
        { prefix: '/', access: 'authenticated' },
      ]);
      assert.include(rules, { needsPath: true, needsRequest });
    }
  });

  test('explain a policy as it explains itself', () => {
    const access = compilePathRules([{ prefix: '/', access: admins }]).accessTo(['/']);
    for (const groups of [['admins'], ['staff']]) {
      const input = { identity: { ...IDENTITY, groups } };
      assert.deepEqual(typeof access === 'object' && access.explain(input), admins.explain(input));
    }
  });

  test('take punctuation as it is', () => {
    const rules = compilePathRules([
      { prefix: '/a+b/x(c)/d,e/@f:g', access: 'public' },
      { path: '/100%', access: 'public' },
      { path: '/c++/$metadata/~x/!y', access: 'public' },
      { prefix: '/', access: 'authenticated' },
    ]);
    assert.equal(accessName(rules.accessTo(['/a+b/x(c)/d,e/@f:g/h'])), 'public');
    assert.equal(accessName(rules.accessTo(['/100%'])), 'public');
    assert.equal(accessName(rules.accessTo(['/c++/$metadata/~x/!y'])), 'public');
  });

  test('take a policy as parsed PPL, with listClaims', () => {
    const access = { allow: { or: [{ 'claim/roles': 'admin' }] } };
    const identity = { ...IDENTITY, claims: { roles: 'user,admin' } };
    const decide = (listClaims: string[]) => {
      const compiled = compilePathRules([{ prefix: '/', access }], { listClaims }).accessTo(['/x']);
      return typeof compiled === 'object' && compiled.decide({ identity }).allowed;
    };
    assert.isTrue(decide(['roles']));
    assert.isFalse(decide([]));
  });
});

describe('allOf', () => {
  const both = () => allOf([admins, staff]);
  const onPath = compilePolicy({ allow: { or: [{ http_path: '/a' }] } });

  test('explains by the first policy that does not allow', () => {
    const explain = (...groups: string[]) => both().explain({ identity: { ...IDENTITY, groups } });
    assert.isFalse(explain('admins').allowed);
    assert.deepEqual(explain('admins'), staff.explain({ identity: { ...IDENTITY, groups: ['admins'] } }));
    assert.isTrue(explain('admins', 'staff').allowed);
  });

  test('refuses what one of the policies refuses', async () => {
    const check = (...groups: string[]) => codeOf(() => both().check({ ...IDENTITY, groups }));
    assert.equal(await check('admins'), 'policy_denied');
    assert.equal(await check('staff'), 'policy_denied');
    assert.equal(await check('admins', 'staff'), 'valid');
  });

  test('needs what one of the policies needs', () => {
    assert.isFalse(both().needsRequest);
    assert.isFalse(both().needsPath);
    assert.isTrue(allOf([admins, onPath]).needsRequest);
    assert.isTrue(allOf([admins, onPath]).needsPath);
  });

  test('is the policy itself where there is one, and allows nothing where there is none', () => {
    assert.equal(allOf([admins]), admins);
    assert.isFalse(allOf([]).decide({ identity: IDENTITY }).allowed);
  });
});

describe('a rule that can never match is refused when it is built:', () => {
  const patterns: [text: string, plain: string][] = [
    ['/admin(.*)', '/admin'],
    ['/admin/(.*)', '/admin'],
    ['/admin/:path*', '/admin'],
    ['/:id', '/'],
    ['/users/:id/posts', '/users'],
    ['/admin/*', '/admin'],
    ['/admin*', '/admin'],
    ['/admin/**', '/admin'],
    ['/admin.*', '/admin'],
    ['/admin/.*', '/admin'],
    ['/admin/.+', '/admin'],
    ['/admin$', '/admin'],
    ['/admin/[id]', '/admin'],
    ['/admin/[[...slug]]', '/admin'],
    ['/admin/{id}', '/admin'],
    ['/{proxy+}', '/'],
    ['/files/{path:.*}', '/files'],
    ['/users/<int:id>/edit', '/users'],
    ['/((?!api|_next).*)', '/'],
    ['/users/(?<id>x)', '/users'],
    ['/users/([a-z]+)', '/users'],
    ['/users/(ann|bob)/(?!admin)', '/users'],
    ['/users/{ann,bob}/(?!admin)', '/users'],
    ['/users{1,2}/(?!admin)', '/users'],
  ];
  for (const [text, plain] of patterns) {
    test(`${text}, with the advice to write ${plain}`, () => {
      const message = `has ${JSON.stringify(text)}, which is a pattern and would match no path; write prefix: '${plain}'`;
      for (const rule of [{ path: text }, { prefix: text }]) {
        const build = () => compilePathRules([{ ...rule, access: 'public' } as PathRule]);
        assertMisconfigured(build, new RegExp(message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
      }
    });
  }

  const plainPath: [name: string, text: string][] = [
    ['a path without its slash', 'healthz'],
    ['a pattern without its slash', '^/admin'],
    ['dot segments', '/a/../b'],
    ['an encoded path', '/a%20b'],
    ['a query', '/a?b'],
    ['a fragment', '/a#b'],
    ['parameters', '/a;b'],
    ['a backslash', '/a\\b'],
    ['two slashes', '//a'],
    ['two slashes at the end', '/a//'],
    ['a control character', '/a\nb'],
    ['a dot at the end', '/a.'],
    ['a dot at the end of a segment', '/a./b'],
    ['a space at the end', '/a '],
    ['nothing', ''],
  ];
  for (const [name, text] of plainPath) {
    test(`${name}: ${JSON.stringify(text)}`, () => {
      assertMisconfigured(
        () => compilePathRules([{ path: text, access: 'public' }]),
        /rules\[0\] has .* no plain path/,
      );
    });
  }
});

describe('a table is refused when it is built for', () => {
  const shape = /^rules\[1\] must have a path or a prefix, an access, and nothing else\. A rule is \{ path: /;
  const broken: [string, unknown, RegExp][] = [
    ['no object', null, shape],
    ['a rule with neither path nor prefix', { access: 'public' }, shape],
    ['a rule with both', { path: '/', prefix: '/', access: 'public' }, shape],
    ['a member that is misspelt', { path: '/', acess: 'public' }, shape],
    ['a condition that it would not follow', { path: '/', access: 'public', method: 'GET' }, shape],
    ['a path that is no text', { path: 1, access: 'public' }, shape],
    ['no access', { path: '/' }, /^rules\[1\] has the access nothing; write public, authenticated or a policy/],
    ['null for an access', { path: '/', access: null }, /has the access null; write public, authenticated or a policy/],
    ['an access that is none', { path: '/', access: 'everybody' }, /has the access "everybody"; write public/],
  ];
  for (const [name, rule, message] of broken) {
    test(name, async () => {
      const build = () => compilePathRules([{ path: '/first', access: 'public' }, rule as PathRule]);
      assertMisconfigured(build, message);
      assert.equal((await errorOf(build))?.path, 'rules[1]', 'where the mistake is');
    });
  }

  const lists: [string, unknown, RegExp][] = [
    ['what is no list', { path: '/' }, /^rules must be a list/],
    ['an empty list', [], /^rules is empty: nobody could pass\. A rule is /],
    ['a policy that cannot be answered', [{ path: '/', access: { allow: { or: [{ source_ip: 'x' }] } } }], /source_ip/],
  ];
  for (const [name, rules, message] of lists) {
    test(name, () => assertMisconfigured(() => compilePathRules(rules as PathRule[]), message));
  }
});
