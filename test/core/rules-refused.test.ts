import { assert, describe, test } from 'vitest';
import { compilePathRules, type PathRule } from '../../core/gate/rules.ts';
import { admins, staff } from '../support/access-name.ts';
import { assertMisconfigured, errorOf } from '../support/verifying.ts';

const build = (rules: readonly PathRule[]) => () => compilePathRules(rules);

describe('a rule that can never decide is refused with the rule that decides in its place:', () => {
  const hidden: [name: string, rules: PathRule[], message: RegExp][] = [
    [
      'a prefix after that of everything',
      [
        { prefix: '/', access: 'authenticated' },
        { prefix: '/admin', access: admins },
      ],
      /rules\[1\] \{ prefix: '\/admin' \} can never decide: rules\[0\] \{ prefix: '\/' \} .* Put the narrower rule first/,
    ],
    [
      'a path after its prefix',
      [
        { path: '/healthz', access: 'public' },
        { prefix: '/admin', access: admins },
        { path: '/admin/users', access: staff },
      ],
      /rules\[2\] \{ path: '\/admin\/users' \} can never decide: rules\[1\] \{ prefix: '\/admin' \}/,
    ],
    [
      'a path of the name of its prefix',
      [
        { prefix: '/admin', access: admins },
        { path: '/admin/', access: staff },
      ],
      /rules\[1\] .* rules\[0\]/,
    ],
    [
      'the same path again',
      [
        { path: '/a', access: 'public' },
        { path: '/a/', access: admins },
      ],
      /rules\[1\] .* rules\[0\]/,
    ],
    [
      'the same prefix again, with the same access',
      [
        { prefix: '/a', access: admins },
        { prefix: '/a', access: admins },
      ],
      /rules\[1\] .* rules\[0\]/,
    ],
  ];
  for (const [name, rules, message] of hidden) {
    test(name, async () => {
      assertMisconfigured(build(rules), message);
      assert.equal((await errorOf(build(rules)))?.path, `rules[${rules.length - 1}]`, 'where the mistake is');
    });
  }

  const deciding: [name: string, rules: PathRule[]][] = [
    [
      'a path before its prefix',
      [
        { path: '/admin', access: 'public' },
        { prefix: '/admin', access: admins },
        { prefix: '/', access: 'public' },
      ],
    ],
    [
      'what only begins with the same letters',
      [
        { prefix: '/admin', access: admins },
        { prefix: '/administrators', access: staff },
      ],
    ],
    [
      'another case, which servers may tell apart',
      [
        { prefix: '/admin', access: admins },
        { prefix: '/Admin', access: admins },
      ],
    ],
  ];
  for (const [name, rules] of deciding) test(`but not ${name}`, () => assert.doesNotThrow(build(rules)));
});

describe('a pattern of alternatives is refused with the advice to write one rule for each:', () => {
  for (const text of [
    '/(admin|x)',
    '/(admin|staff)/x',
    '/{admin,x}',
    '/a{b,c}d',
    '/docs{,-old}/x',
    '/users{ann,bob}/x',
    '/admin|/x',
    '/x/(?:a|b)',
  ]) {
    for (const rule of [{ path: text }, { prefix: text }]) {
      test(JSON.stringify(rule), () => {
        const pattern = /which is a pattern and would match no path; write one rule for each path\. A rule is/;
        assertMisconfigured(build([{ ...rule, access: admins } as PathRule]), pattern);
      });
    }
  }
});

describe('a route group, which is in no URL, is refused with the path without it:', () => {
  const groups: [text: string, message: RegExp][] = [
    ['/(shop)/admin', /would match no path; write prefix: '\/admin'\. A rule is/],
    ['/(shop)/a', /would match no path; write prefix: '\/a'\. A rule is/],
    ['/x/(a-b)/(c)/admin/', /would match no path; write prefix: '\/x\/admin'\. A rule is/],
    ['/admin/(users)', /would match no path; write prefix: '\/admin'\. A rule is/],
    ['/(shop)/[id]', /would match no path; write prefix: '\/'\. A rule is/],
    ['/(shop)/', /would match no path; write one rule for each path\. A rule is/],
    ['/(shop)', /would match no path; write one rule for each path\. A rule is/],
  ];
  for (const [text, message] of groups) {
    for (const rule of [{ path: text }, { prefix: text }]) {
      test(JSON.stringify(rule), () => assertMisconfigured(build([{ ...rule, access: admins } as PathRule]), message));
    }
  }
  for (const text of ['/wiki/Pomerium_(proxy)', '/(shop)s', '/x(y)/z']) {
    test(`control: ${text} is taken`, () => assert.doesNotThrow(build([{ path: text, access: admins }])));
  }
});

describe('a character of patterns is refused:', () => {
  for (const text of ['/^admin', '/admin[0-9]', '/x/a[b', '/x]', '/v[12]/x', '/a|b']) {
    test(text, () => assertMisconfigured(build([{ prefix: text, access: admins }]), /is a pattern/));
  }
  for (const text of ['/a(b)', '/a+b', '/a,b', '/@a', '/a:b', '/a{b}c', '/~x/!y', "/it's", '/a=b&c']) {
    test(`control: ${text} is taken`, () => assert.doesNotThrow(build([{ prefix: text, access: admins }])));
  }
});

describe('a mistake in the policy of a rule is told with the place of both:', () => {
  const mistakes: [access: unknown, path: string, message: RegExp][] = [
    [{ alow: {} }, 'rules[1].access.alow', /^rules\[1\]\.access\.alow: there is no action/],
    [
      { allow: { or: [{ nope: 1 }] } },
      'rules[1].access.allow.or[0].nope',
      /^rules\[1\]\.access\.allow\.or\[0\]\.nope: /,
    ],
    [[{ deny: 'all' }], 'rules[1].access[0].deny', /^rules\[1\]\.access\[0\]\.deny must be a plain object/],
  ];
  for (const [access, path, message] of mistakes) {
    test(path, async () => {
      const rules = build([{ path: '/healthz', access: 'public' }, { prefix: '/', access } as PathRule]);
      assertMisconfigured(rules, message);
      assert.equal((await errorOf(rules))?.path, path);
    });
  }
});
