import { assert, describe, test } from 'vitest';
import { compilePolicy, type PolicyInput } from '../../core/index.ts';
import { assertMisconfigured } from '../support/verifying.ts';

const someone = (about: object): PolicyInput => {
  const identity = { subject: 'u1', user: 'u1', groups: [], claims: {}, ...about };
  return { identity: identity as unknown as PolicyInput['identity'] };
};
const nobody = someone({ subject: undefined, user: undefined });
const user = (id: string) => someone({ user: id });
const email = (address: string) => someone({ email: address });
const noEmail = someone({});
const groups = (...ids: string[]) => someone({ groups: ids });
const claim = (value: unknown) => someone({ claims: { a: value } });
const noClaim = someone({});
const method = (name: string): PolicyInput => ({ ...nobody, method: name });
const path = (text: string): PolicyInput => ({ ...nobody, path: text });

type Rule = [rule: string, criterion: object, holds: readonly PolicyInput[], fails: readonly PolicyInput[]];

function describeCriteria(name: string, rules: readonly Rule[], listClaims: readonly string[] = []): void {
  describe(name, () => {
    for (const [rule, criterion, holds, fails] of rules) {
      test(`${rule}: ${JSON.stringify(criterion)}`, () => {
        const policy = compilePolicy({ allow: { or: [criterion] } }, { listClaims });
        const isSaid = (input: PolicyInput) => policy.explain(input).rules[0]?.operators[0]?.criteria[0]?.holds;
        for (const input of holds) assert.isTrue(isSaid(input), JSON.stringify(input));
        for (const input of fails) assert.isFalse(isSaid(input), JSON.stringify(input));
      });
    }
  });
}

describeCriteria('a criterion holds', [
  ['for everybody', { accept: true }, [user('a'), nobody], []],
  ['for nobody', { reject: true }, [], [user('a'), nobody]],
  ['for whoever is signed in', { authenticated_user: true }, [user('a')], [nobody]],
  ['for the id of the user', { user: 'u1' }, [user('u1')], [user('u2'), nobody]],
  ['never for a user who is absent', { user: { not: 'u2' } }, [user('u1')], [user('u2'), nobody]],
  ['for an e-mail address', { email: 'a@x.test' }, [email('a@x.test')], [email('b@x.test'), noEmail]],
  ['for no address as for an empty one', { email: '' }, [noEmail], [email('a@x.test')]],
  ['for the domain of the address', { domain: 'x.test' }, [email('a@x.test')], [email('a@y.x.test'), email('x.test')]],
  ['for what is up to the second @', { domain: 'x' }, [email('a@x@y'), email('@x@y@z')], [email('a@y@x')]],
  ['for an empty domain', { domain: '' }, [email('a@'), email('a@@x')], [email('a'), noEmail]],
  [
    'never without a domain',
    { domain: { not: 'x.test' } },
    [email('a@y.test')],
    [email('a@x.test'), email('a'), noEmail],
  ],
  ['for one of the groups', { groups: 'g2' }, [groups('g2'), groups('g1', 'g2')], [groups('g1'), groups()]],
  ['never without any group', { groups: { exclude: 'g1' } }, [groups('g2')], [groups('g2', 'g1'), groups()]],
  ['for a group with a comma', { groups: 'a,b' }, [groups('a,b')], [groups('a', 'b')]],
  ['for a method, with case', { http_method: 'GET' }, [method('GET')], [method('POST'), method('get')]],
  ['for a path, with case', { http_path: '/a' }, [path('/a')], [path('/A'), path('/a/')]],
]);

describeCriteria('a matcher of text holds', [
  ['where it is all of it', { email: { is: 'abc' } }, [email('abc')], [email('abcd'), email('ab')]],
  ['where it is not all of it', { email: { not: 'abc' } }, [email('abcd'), noEmail], [email('abc')]],
  ['where it is within', { email: { contains: 'bc' } }, [email('bc'), email('abcd')], [email('cb')]],
  ['where it is the start', { email: { starts_with: 'ab' } }, [email('ab'), email('abc')], [email('cab')]],
  ['where it is the end', { email: { ends_with: 'bc' } }, [email('bc'), email('abc')], [email('bca')]],
  ['where one of them is all of it', { email: { in: ['a', 'b'] } }, [email('a'), email('b')], [email('ab'), noEmail]],
  ['where none of them is all of it', { email: { not_in: ['a', 'b'] } }, [email('ab')], [email('a'), email('b')]],
  ['never for one of none', { email: { in: [] } }, [], [email('a'), noEmail]],
  ['always for none of none', { email: { not_in: [] } }, [email('a'), noEmail], []],
  [
    'where all of them hold',
    { email: { starts_with: 'a', ends_with: 'c' } },
    [email('abc')],
    [email('ab'), email('bc')],
  ],
  ['always where there are none', { email: {} }, [email('a'), noEmail], []],
]);

describeCriteria('a matcher of a claim that is one value holds', [
  ['where it is that', { 'claim/a': 'x' }, [claim('x')], [claim('y'), claim('x,y'), noClaim]],
  ['where it is one of a list', { 'claim/a': { has: 'x' } }, [claim(['y', 'x'])], [claim(['y']), claim([])]],
  ['for a comma in it', { 'claim/a': 'x,y' }, [claim('x,y')], [claim('x'), claim(['x', 'y'])]],
  [
    'where it is not that',
    { 'claim/a': { exclude: 'x' } },
    [claim('y'), claim(['y']), noClaim],
    [claim('x'), claim(['y', 'x'])],
  ],
  [
    'where it is the only one',
    { 'claim/a': { is: 'x' } },
    [claim('x'), claim(['x'])],
    [claim(['x', 'x']), claim(['y']), claim([]), noClaim],
  ],
  ['for an empty text', { 'claim/a': '' }, [claim('')], [claim('x'), noClaim]],
  ['for only an empty text', { 'claim/a': { is: '' } }, [claim('')], [claim('x'), noClaim]],
  ['for what JSON has as a number', { 'claim/a': '1' }, [claim(1), claim('1')], [claim(2), claim('1.0')]],
  ['for only a number', { 'claim/a': { is: '1' } }, [claim(1)], [claim(2), claim([1])]],
  ['for what JSON has as a boolean', { 'claim/a': 'true' }, [claim(true), claim('true')], [claim(false)]],
  ['for only a boolean', { 'claim/a': { is: 'true' } }, [claim(true)], [claim(false)]],
  ['never for null or an object', { 'claim/a': 'null' }, [claim('null')], [claim(null), noClaim]],
  ['never for only an object', { 'claim/a': { is: '[object Object]' } }, [], [claim({}), claim(null)]],
  ['where all of them hold', { 'claim/a': { has: 'x', exclude: 'y' } }, [claim(['x'])], [claim(['x', 'y']), claim([])]],
  [
    'for a slash in its name',
    { 'claim/b/c': 'x' },
    [someone({ claims: { 'b/c': 'x' } })],
    [someone({ claims: { b: 'x' } })],
  ],
  ['never for what every object has', { 'claim/constructor': { has: 'x' } }, [], [noClaim]],
  ['for the groups as a list', { 'claim/groups': 'x' }, [someone({ claims: { groups: ['x'] } })], [noClaim]],
]);

describeCriteria(
  'a matcher of a claim whose values are joined holds',
  [
    [
      'where it is one of them',
      { 'claim/a': 'xy' },
      [claim('xy'), claim('xy,z'), claim('w,xy,z'), claim('w,xy'), claim(',xy')],
      [claim('xyz'), claim('wxy'), claim('x,y'), claim('w,xyz,xyzz'), claim(''), noClaim],
    ],
    ['where it is none of them', { 'claim/a': { exclude: 'x' } }, [claim('y,z'), claim(''), noClaim], [claim('y,x')]],
    ['where it is the only one', { 'claim/a': { is: 'x' } }, [claim('x')], [claim('x,x'), claim('y,x'), claim('')]],
    [
      'for an empty one beside others',
      { 'claim/a': '' },
      [claim(','), claim('x,'), claim(',x'), claim('x,,y')],
      [claim(''), claim('x')],
    ],
    ['never for only an empty one', { 'claim/a': { is: '' } }, [], [claim(''), claim(',')]],
    ['never for a comma', { 'claim/a': 'x,y' }, [], [claim('x,y'), claim('x')]],
    ['never for only a comma', { 'claim/a': { is: 'x,y' } }, [], [claim('x,y')]],
    ['for what is a list after all', { 'claim/a': 'x,y' }, [claim(['x,y'])], [claim(['x', 'y'])]],
  ],
  ['a'],
);

describe('cors_preflight', () => {
  const policy = compilePolicy({ allow: { or: [{ cors_preflight: true }] } });
  const headers = { origin: 'https://x.test', 'access-control-request-method': 'PUT' };
  const cases: [name: string, method: string, headers: Record<string, string>, allowed: boolean][] = [
    ['OPTIONS with both headers', 'OPTIONS', headers, true],
    ['another method', 'GET', headers, false],
    ['no origin', 'OPTIONS', { ...headers, origin: '' }, false],
    ['no method that is asked for', 'OPTIONS', { origin: 'https://x.test' }, false],
  ];
  for (const [name, method, headers, allowed] of cases) {
    test(`${name}: ${allowed ? 'holds' : 'does not'}`, () => {
      assert.equal(policy.decide({ ...nobody, method, headers }).allowed, allowed);
    });
  }
});

describe('what a policy asks about:', () => {
  const cases: [criterion: object, needsRequest: boolean, needsPath: boolean][] = [
    [{ accept: true }, false, false],
    [{ email: 'a' }, false, false],
    [{ 'claim/a': 'a' }, false, false],
    [{ http_method: 'GET' }, true, false],
    [{ cors_preflight: true }, true, false],
    [{ http_path: '/' }, true, true],
  ];
  for (const [criterion, needsRequest, needsPath] of cases) {
    test(JSON.stringify(criterion), () => {
      for (const ppl of [
        { allow: { or: [criterion] } },
        [{ allow: { or: [{ accept: 1 }] } }, { deny: { and: [{ accept: 1 }], not: [criterion] } }],
      ]) {
        const policy = compilePolicy(ppl, { listClaims: [] });
        assert.deepEqual([policy.needsRequest, policy.needsPath], [needsRequest, needsPath]);
      }
    });
  }
});

describe('which claims are lists, where listClaims does not say it,', () => {
  const harmless: object[] = [
    { allow: { or: [{ 'claim/a': 'x' }] } },
    { allow: { and: [{ 'claim/a': { is: 'x' } }] } },
    { deny: { or: [{ 'claim/groups': 'x' }] } },
    { allow: { or: [{ 'claim/groups': { exclude: 'x' } }] } },
  ];
  for (const ppl of harmless) {
    test(`does not matter to ${JSON.stringify(ppl)}`, () => assert.doesNotThrow(() => compilePolicy(ppl)));
  }

  const open: object[] = [
    { deny: { or: [{ 'claim/a': 'x' }] } },
    { allow: { not: [{ 'claim/a': 'x' }] } },
    { allow: { nor: [{ 'claim/a': 'x' }] } },
    { allow: { or: [{ 'claim/a': { exclude: 'x' } }] } },
    { allow: { or: [{ 'claim/a': 'x,y' }] } },
    { allow: { or: [{ 'claim/a': { has: 'x', is: 'x,y' } }] } },
  ];
  for (const ppl of open) {
    test(`would let people in by ${JSON.stringify(ppl)}`, () => {
      const message = /claim\/a: an assertion does not say whether "a" is one value or several, .* write listClaims/;
      assertMisconfigured(() => compilePolicy(ppl), message);
      assert.doesNotThrow(() => compilePolicy(ppl, { listClaims: [] }));
      assert.doesNotThrow(() => compilePolicy(ppl, { listClaims: ['a'] }));
    });
  }
});

test('a claim of which listClaims says nothing is not split at a comma', () => {
  const policy = compilePolicy({ allow: { or: [{ 'claim/a': 'x' }] } });
  assert.isTrue(policy.decide(claim('x')).allowed);
  assert.isFalse(policy.decide(claim('x,y')).allowed);
});

describe('a decision says whether an allow and a deny hold:', () => {
  const [yes, no] = [{ or: [{ accept: true }] }, { or: [{ reject: true }] }];
  for (const allow of [true, false]) {
    for (const deny of [true, false]) {
      test(`allow ${allow}, deny ${deny}`, () => {
        const ppl = [{ deny: no }, { allow: no }, { deny: deny ? yes : no }, { allow: allow ? yes : no }];
        const expected = { allowed: allow && !deny, allow, deny };
        assert.deepEqual({ ...compilePolicy(ppl).decide(nobody) }, expected);
      });
    }
  }
});

describe('in a rule', () => {
  for (const operator of ['and', 'or', 'not', 'nor']) {
    test(`${operator} of nothing never holds`, () => {
      assert.isFalse(compilePolicy({ allow: { [operator]: [] } }).decide(nobody).allowed);
    });
  }

  test('action is ignored, as in Pomerium', () => {
    const policy = compilePolicy({ allow: { action: 'deny', or: [{ accept: true }] } });
    assert.isTrue(policy.decide(nobody).allowed);
    assert.deepEqual(
      policy.explain(nobody).rules.flatMap(({ operators }) => operators.map(({ path }) => path)),
      ['allow.or'],
    );
  });
});
