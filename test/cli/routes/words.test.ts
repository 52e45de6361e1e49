import { assert, describe, test } from 'vitest';
import { describePolicy } from '../../../cli/routes/words.ts';
import type { JsonObject } from '../../../core/json.ts';

const LEFT = ['source_ip', 'claim/level'];
const inWords = (...policy: JsonObject[]) => describePolicy(policy, (name) => LEFT.includes(name));
const allow = (...or: JsonObject[]) => ({ allow: { or } });

describe('a policy in words', () => {
  const cases: [what: string, policy: JsonObject[], words: string[]][] = [
    ['nothing', [], ['nobody']],
    ['an empty list', [{ allow: { or: [] } }], ['nobody']],
    ['accept', [allow({ accept: true }, { email: 'a@example.com' })], ['anybody']],
    ['reject', [allow({ reject: true })], ['nobody']],
    ['whoever is signed in', [allow({ authenticated_user: true })], ['everybody who is signed in']],
    [
      'preflights',
      [allow({ cors_preflight: true }, { authenticated_user: true }, { groups: 'a' })],
      ['everybody who is signed in, preflights (CORS)'],
    ],
    ['an e-mail', [allow({ email: 'a@example.com' })], ['a@example.com']],
    ['e-mails', [allow({ email: { in: ['a@example.com', 'b@example.com'] } })], ['a@example.com, b@example.com']],
    ['none of a list', [allow({ email: { in: [] } })], ['nobody']],
    ['part of an e-mail', [allow({ email: { ends_with: '@a.com' } })], ['those whose e-mail ends with @a.com']],
    [
      'several matchers',
      [allow({ email: { starts_with: 'a', not: 'ab@example.com' } })],
      ['those whose e-mail starts with a and is not ab@example.com'],
    ],
    ['no matcher at all', [allow({ email: {} })], ['those whose e-mail is anything']],
    ['a domain', [allow({ domain: { is: 'example.com' } })], ['@example.com']],
    ['not a domain', [allow({ domain: { not_in: ['a.com', 'b.com'] } })], ['those whose domain is not a.com or b.com']],
    ['an id', [allow({ user: 'u1' })], ['user u1']],
    ['the setting for users', [allow({ user: { is: 'u@a.com' } }, { email: { is: 'u@a.com' } })], ['u@a.com']],
    ['groups', [allow({ groups: 'b' }, { email: 'e@a.com' }, { groups: { has: 'a' } })], ['e@a.com, groups b, a']],
    ['a group with a comma', [allow({ groups: 'a, b' })], ['group "a, b"']],
    ['not a group', [allow({ groups: { exclude: 'a' } })], ['those in groups, but not in a']],
    ['a claim', [allow({ 'claim/team': 'blue' })], ['claim team = blue']],
    ['a claim alone', [allow({ 'claim/team': { is: 'blue' } })], ['those with only claim team = blue']],
    ['no claim', [allow({ 'claim/team': { exclude: 'blue' } })], ['those without claim team = blue']],
    ['what hides on a terminal', [allow({ groups: 'a\u202eb\u001b[31m' })], ['group a\\u202eb\\u001b[31m']],
    ['a star', [allow({ email: '*' })], ['"*"']],
    ['and', [{ allow: { and: [{ domain: 'a.com' }, { groups: 'b' }] } }], ['@a.com and group b']],
    [
      'and, with several',
      [{ allow: { and: [{ email: { in: ['a@a.com', 'b@a.com'] } }, { groups: 'b' }] } }],
      ['(a@a.com or b@a.com) and group b'],
    ],
    [
      'and, with a request',
      [
        {
          allow: {
            and: [{ groups: 'b' }, { http_method: { in: ['GET', 'HEAD'] } }, { http_path: { starts_with: '/a' } }],
          },
        },
      ],
      ['group b, if the method is GET or HEAD and the path starts with /a'],
    ],
    ['a request alone', [allow({ http_path: '/ready' })], ['anybody, if the path is /ready']],
    [
      'whoever is signed in, with a request',
      [{ allow: { and: [{ authenticated_user: true }, { http_method: 'GET' }] } }],
      ['everybody who is signed in, if the method is GET'],
    ],
    [
      'accept, with a request',
      [{ allow: { and: [{ accept: true }, { http_method: 'GET' }] } }],
      ['anybody, if the method is GET'],
    ],
    ['reject, with others', [{ allow: { and: [{ reject: true }, { groups: 'a' }] } }], ['nobody']],
    ['not', [{ allow: { not: [{ groups: 'b' }, { email: 'a@a.com' }] } }], ['everybody but a@a.com, group b']],
    [
      'not, with a request',
      [{ allow: { not: [{ http_path: { contains: 'x' } }] } }],
      ['anybody, unless the path contains x'],
    ],
    [
      'not whoever is signed in',
      [{ deny: { not: [{ authenticated_user: true }] } }],
      ['nobody', 'deny: whoever is not signed in'],
    ],
    ['not anybody', [{ allow: { not: [{ accept: true }] } }], ['nobody']],
    ['nor of one', [{ allow: { nor: [{ groups: 'b' }] } }], ['everybody but group b']],
    [
      'nor is not all of them',
      [{ allow: { nor: [{ groups: 'b' }, { http_method: 'DELETE' }] } }],
      ['everybody but who is all of this: group b; the method is DELETE'],
    ],
    [
      'rules are alternatives',
      [{ allow: { and: [{ domain: 'a.com' }, { groups: 'b' }], or: [{ email: 'c@c.com' }] } }, allow({ groups: 'd' })],
      ['c@c.com, group d', 'or @a.com and group b'],
    ],
    [
      'deny',
      [allow({ domain: 'a.com' }), { deny: { or: [{ groups: 'b' }, { email: 'c@a.com' }] } }],
      ['@a.com', 'deny: c@a.com, group b'],
    ],
    [
      'deny, with a request',
      [allow({ domain: 'a.com' }), { deny: { and: [{ email: { not: 'c@a.com' } }, { http_method: 'DELETE' }] } }],
      ['@a.com', 'deny: those whose e-mail is not c@a.com, if the method is DELETE'],
    ],
    [
      'what is left to Pomerium, for those who are signed in',
      [allow({ source_ip: '10.0.0.0/8' })],
      ['everybody who is signed in, if source_ip 10.0.0.0/8 (left to Pomerium)'],
    ],
    [
      'what is left to Pomerium, in a deny',
      [allow({ domain: 'a.com' }), { deny: { not: [{ source_ip: ['10.0.0.1', '::1'] }] } }],
      ['@a.com', 'deny: anybody, unless source_ip ["10.0.0.1","::1"] (left to Pomerium)'],
    ],
    [
      'one claim is left to Pomerium, and no other',
      [{ allow: { and: [{ 'claim/level': '5' }, { 'claim/team': 'blue' }] } }],
      ['claim team = blue, if claim/level 5 (left to Pomerium)'],
    ],
    [
      'more people than anybody reads',
      [allow({ email: { in: Array.from({ length: 30 }, (_, i) => `u${i}`) } })],
      [`${Array.from({ length: 20 }, (_, i) => `u${i}`).join(', ')} and 10 more`],
    ],
  ];
  for (const [what, policy, words] of cases) {
    test(what, () => assert.deepEqual(inWords(...policy), words));
  }
});
