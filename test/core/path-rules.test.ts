import { assert, describe, test } from 'vitest';
import { compilePathRules, compilePolicy, isPolicy, type PathRule } from '../../core/adapter.ts';
import { assertMisconfigured } from '../support/verifying.ts';

const admins = compilePolicy({ allow: { or: [{ groups: 'admins' }] } });
const table = compilePathRules([
  { path: '/healthz', access: 'public' },
  { prefix: '/static/', access: 'public' },
  { prefix: '/admin', access: admins },
  { prefix: '/café', access: 'public' },
  { path: '/folder/', access: 'public' },
  { prefix: '/', access: 'authenticated' },
]);

function accessTo(path: string, rules = table): string {
  const access = rules.accessTo(`https://app.example${path}`);
  if (typeof access === 'string') return access;
  return access === admins ? 'admins' : 'nobody';
}

describe('path rules', () => {
  const cases: [path: string, access: string][] = [
    ['/', 'authenticated'],
    ['/other', 'authenticated'],
    ['/healthz', 'public'],
    ['/healthz?x=1', 'public'],
    ['/healthz/', 'authenticated'],
    ['/healthz%2f', 'authenticated'],
    ['/healthz/x', 'authenticated'],
    ['/healthzx', 'authenticated'],
    ['/static', 'public'],
    ['/static/a.css', 'public'],
    ['/static/my%20file.css', 'public'],
    ['/staticx', 'authenticated'],
    ['/admin', 'admins'],
    ['/admin/', 'admins'],
    ['/admin/users?x=/healthz', 'admins'],
    ['/administrator', 'authenticated'],
    ['/caf%C3%A9/menu', 'public'],
    ['/café/menu', 'public'],
    ['/folder/', 'public'],
    ['/folder', 'authenticated'],
    ['/docs/100%25', 'authenticated'],
    ['/docs/what%3F', 'authenticated'],
    // Resolved before anybody sees them (WHATWG URL).
    ['/static/../admin/x', 'admins'],
    ['/static/%2e%2e/admin', 'admins'],
    ['/static\\..\\admin', 'admins'],
  ];
  for (const [path, access] of cases) {
    test(`${path} is for ${access}`, () => assert.equal(accessTo(path), access));
  }

  /** One reader sees one rule's path, another reader another's. */
  const ambiguous = [
    '//admin',
    '/./%2fadmin',
    '/%61dmin',
    '/%2561dmin',
    '/%252561dmin',
    '/ADMIN',
    '/Admin/users',
    '/admin%2fusers/../../x%2f..%2f..%2fadmin',
    '/static/..%2fadmin',
    '/static/..%5cadmin',
    '/static/%2e%2e%2fadmin',
    '/static/%252e%252e%252fadmin',
    '/static/..;/admin',
    '/static/..;x=1/admin',
    '/admin;x=1/users',
    '/admin;/users',
    '/admin/..%2fother',
    '/other/..%2fadmin',
    '/other%2f..%2fadmin',
    '/other%3f%252f..%252f..%252fadmin',
    '/STATIC/a.css',
    '/healthz;x',
    '/HEALTHZ',
    '/caf%c3%a9',
    '/%e9',
    '/x%00',
    '/x%0d%0a',
    '/x%',
    '/x%zz',
    '/%2525252561dmin',
  ];
  for (const path of ambiguous) {
    test(`${path} is for nobody`, () => assert.equal(accessTo(path), 'nobody'));
  }

  test('what no rule is for is for nobody', () => {
    const rules = compilePathRules([{ path: '/only', access: 'authenticated' }]);
    assert.equal(accessTo('/only', rules), 'authenticated');
    assert.equal(accessTo('/other', rules), 'nobody');
    assert.equal(accessTo('/', compilePathRules([])), 'nobody');
  });

  test('the first rule that fits decides', () => {
    const rules = compilePathRules([
      { prefix: '/a', access: 'authenticated' },
      { prefix: '/a/b', access: 'public' },
    ]);
    assert.equal(accessTo('/a/b', rules), 'authenticated');
  });

  test('a policy may be given as parsed PPL', () => {
    const rules = compilePathRules([{ prefix: '/', access: { allow: { or: [{ email: 'a@example.com' }] } } }]);
    assert.isTrue(isPolicy(rules.accessTo('/x')));
  });

  const broken: [string, unknown, RegExp][] = [
    ['no list', { path: '/' }, /rules must be a list/],
    ['a rule with neither path nor prefix', [{ access: 'public' }], /rules\[0\]/],
    ['a rule with both', [{ path: '/', prefix: '/', access: 'public' }], /rules\[0\]/],
    ['a member that is misspelt', [{ path: '/', acess: 'public' }], /rules\[0\]/],
    ['no access', [{ path: '/' }], /rules\[0\]/],
    ['an access that is none', [{ path: '/', access: 'everybody' }], /everybody/],
    ['a path without its slash', [{ path: 'healthz', access: 'public' }], /healthz/],
    ['a path with dot segments', [{ path: '/a/../b', access: 'public' }], /plain path/],
    ['an encoded path', [{ path: '/a%20b', access: 'public' }], /plain path/],
    ['a path with a query', [{ path: '/a?b', access: 'public' }], /plain path/],
    ['a path with two slashes', [{ path: '//a', access: 'public' }], /plain path/],
    ['a wildcard nobody reads', [{ path: 1, access: 'public' }], /rules\[0\]/],
    ['a policy that cannot be answered', [{ path: '/', access: { allow: { or: [{ source_ip: 'x' }] } } }], /source_ip/],
  ];
  for (const [name, rules, message] of broken) {
    test(`${name} is refused when it is built`, () => {
      assertMisconfigured(() => compilePathRules(rules as PathRule[]), message);
    });
  }
});
