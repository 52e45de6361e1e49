import { assert, describe, test } from 'vitest';
import { consoleLog, createGate, requirePossible, someEnvironment } from '../../core/adapter.ts';
import { compilePolicy, compileRoutes, type PolicyOptions } from '../../core/index.ts';
import { assertMisconfigured } from '../support/verifying.ts';

interface Named extends PolicyOptions {
  readonly name: string;
}

interface Routed extends PolicyOptions {
  readonly routes: readonly object[];
}

const ACCEPT = { accept: true };
const FROM_OFFICE = { allow: { and: [ACCEPT, { source_ip: '10.0.0.0/8' }] } };
const NO_CONTRACTORS = { allow: { or: [ACCEPT] }, deny: { or: [{ 'claim/roles': 'contractor' }] } };
const BOTH = { allow: FROM_OFFICE.allow, deny: NO_CONTRACTORS.deny };

describe('a policy that is checked before its environment is known', () => {
  const possible: [name: string, policy: object, given: object][] = [
    ['compiles with nothing', { allow: { or: [ACCEPT] } }, {}],
    ['compiles with what is given', BOTH, { listClaims: ['roles'], leaveToPomerium: ['source_ip'] }],
    ['needs leaveToPomerium, which the environment may say', FROM_OFFICE, {}],
    ['needs listClaims, which the environment may say', NO_CONTRACTORS, {}],
    ['needs one beside the other', BOTH, { listClaims: ['roles'] }],
    ['has an option that is undefined, and so not set', FROM_OFFICE, { leaveToPomerium: undefined }],
  ];
  for (const [name, policy, given] of possible) {
    test(`passes where it ${name}`, () => {
      assert.doesNotThrow(() => requirePossible((options: PolicyOptions) => compilePolicy(policy, options), given));
    });
  }

  const impossible: [name: string, policy: object, given: object, message: RegExp][] = [
    ['has a mistake that no option repairs', { allow: { or: [{ grups: 'a' }] } }, {}, /grups/],
    ['needs what the options say otherwise', FROM_OFFICE, { leaveToPomerium: [] }, /source_ip cannot be answered/],
    ...['user', 'email', 'domain', 'groups', 'http_method'].map((name): (typeof impossible)[number] => [
      `has a wrong value for ${name}, which needs nobody else's answer`,
      { allow: { or: [{ [name]: { equals: 'a' } }] } },
      {},
      new RegExp(`${name}\\.equals: there is no matcher`),
    ]),
    [
      'has two mistakes, by the one that shows without an environment',
      { allow: { or: [{ source_ip: 'a' }, { grups: 'a' }] } },
      {},
      /source_ip cannot be answered/,
    ],
  ];
  for (const [name, policy, given, message] of impossible) {
    test(`is refused where it ${name}`, () => {
      assertMisconfigured(
        () => requirePossible((options: PolicyOptions) => compilePolicy(policy, options), given),
        message,
      );
    });
  }

  test('passes where a route filters groups, which leaves a deny by them to Pomerium', () => {
    const policy = { deny: { or: [{ groups: 'contractors' }] } };
    const routes = [{ from: 'https://app.corp.example.com', to: 'http://a', jwt_groups_filter: ['staff'], policy }];
    const compile = ({ listClaims, leaveToPomerium }: Partial<Routed>) =>
      compileRoutes(routes, { listClaims, leaveToPomerium });
    assertMisconfigured(() => compile({}), /groups cannot be decided: jwt_groups_filter/);
    assert.doesNotThrow(() => requirePossible<Routed>(compile, { routes }));
  });

  test('is asked with options of its caller’s own, too', () => {
    const routes = { routes: [{ from: 'https://app.corp.example.com', to: 'http://a', policy: [FROM_OFFICE] }] };
    const seen: object[] = [];
    const compile = (options: Partial<Named>) => {
      seen.push(options);
      const { name, ...others } = options;
      compileRoutes(routes, others);
    };
    requirePossible<Named>(compile, { name: 'mine' });
    assert.lengthOf(seen, 2);
    for (const options of seen) assert.include(options, { name: 'mine' });
  });
});

test('routes with a wildcard are checked with some keys, in place of those that the environment will name', () => {
  const routes = [{ from: 'https://*.corp.example.com', to: 'http://a', allow_any_authenticated_user: true }];
  const make = (env: object) => () => createGate(env, { routes }, { log: consoleLog(console) });
  assertMisconfigured(make({}), /keys|JWKS/);
  assert.doesNotThrow(make(someEnvironment({ routes })));
});

test('options without an audience are checked with one, in place of that which the environment will name', () => {
  const make = (env: object) => () => createGate(env, {}, { log: consoleLog(console) });
  assertMisconfigured(make({}), /POMERIUM_AUDIENCE is not set/);
  assert.doesNotThrow(make(someEnvironment({})));
});

test('nothing is checked where URL does not follow the standard, since that refuses each request', () => {
  const { canParse } = URL;
  const check = () => requirePossible(() => assert.fail('checked'), {});
  Reflect.deleteProperty(URL, 'canParse');
  try {
    assert.doesNotThrow(check);
  } finally {
    Object.assign(URL, { canParse });
  }
  assert.throws(check, /checked/);
});
