import { assert, describe, test } from 'vitest';
import { compilePolicy, compileRoutes, staticKeys } from '../../core/index.ts';
import { contentOfFixed, KeptByContent } from '../../core/keep.ts';
import { jwks, makeKey } from '../support/issuer.ts';

class Fetcher {}

/** As a service binding is: every property is a remote method. */
const binding = () => new Proxy(new Fetcher(), { get: () => () => assert.fail('a remote call') });

/** A wrapper's view of an environment. */
const proxied = (environment: object) => new Proxy(environment, {});

const key = await makeKey();
const policy = compilePolicy({ allow: { or: [{ groups: 'admins' }] } });
const ROUTES = { routes: [{ from: 'https://a', to: 'http://b', allow_any_authenticated_user: true }] };
const routes = compileRoutes(ROUTES);
const ADMINS = { policy: { allow: { or: [{ groups: 'admins' }] } } };

type Configuration = readonly [environment: object | undefined, options?: object];
const A = { POMERIUM_AUDIENCE: 'a' };

describe('KeptByContent makes the same once', () => {
  const cases: [name: string, first: Configuration, second: Configuration][] = [
    ['the same variables in another object', [A], [{ ...A }]],
    ['a proxy of them', [A], [proxied(A)]],
    ['variables that are not ours', [{ ...A, REQUEST: 1 }], [{ ...A, REQUEST: 2 }]],
    ['no environment', [undefined], [undefined]],
    ['variables that are JSON', [{ POMERIUM_RULES: [{ path: '/' }] }], [{ POMERIUM_RULES: [{ path: '/' }] }]],
    ['bindings', [{ POMERIUM_JWKS_KV: binding() }], [{ POMERIUM_JWKS_KV: binding() }]],
    ['the same options in another object', [A, { audience: ['a'] }], [A, { audience: ['a'] }]],
    ['parsed PPL', [A, ADMINS], [A, structuredClone(ADMINS)]],
    ['functions', [A, { now: () => 1, onEvent() {} }], [A, { now: () => 2, onEvent() {} }]],
    ['stores', [A, { store: new Map() }], [A, { store: new Map() }]],
    ['upstreams that are bindings', [A, { upstream: binding() }], [A, { upstream: binding() }]],
    ['the same compiled policy', [A, { policy }], [A, { policy }]],
    ['it within a rule', [A, { rules: [{ access: policy }] }], [A, { rules: [{ access: policy }] }]],
    ['routes that are not compiled', [A, { routes: ROUTES }], [A, { routes: structuredClone(ROUTES) }]],
    ['the same compiled routes', [A, { routes }], [A, { routes }]],
  ];
  for (const [name, first, second] of cases) {
    test(name, () => assert.equal(countMade(first, second), 1));
  }
});

describe('KeptByContent never takes one configuration for another:', () => {
  const cases: [name: string, first: Configuration, second: Configuration][] = [
    ['other variables', [A], [{ POMERIUM_AUDIENCE: 'b' }]],
    ['a variable more', [A], [{ ...A, POMERIUM_POLICY: '{}' }]],
    ['a misspelt variable', [A], [{ ...A, POMERUIM_POLICY: '{}' }]],
    ['text that looks like JSON', [{ POMERIUM_JWKS: '{}' }], [{ POMERIUM_JWKS: {} }]],
    ['a number as text', [{ POMERIUM_MAX_TOKEN_AGE: 1 }], [{ POMERIUM_MAX_TOKEN_AGE: '1' }]],
    ['options without an option', [A, { audience: 'a', optional: true }], [A, { audience: 'a' }]],
    ['a list of one', [A, { audience: 'a' }], [A, { audience: ['a'] }]],
    ['a list cut otherwise', [A, { audience: ['a,b'] }], [A, { audience: ['a', 'b'] }]],
    ['text that looks like an object’s name', [A, { policy }], [A, { policy: 'object 1' }]],
    ['text that looks like a function', [A, { onRefused() {} }], [A, { onRefused: 'function' }]],
    ['null and text', [A, { audience: null }], [A, { audience: 'null' }]],
    ['other parsed PPL', [A, ADMINS], [A, { policy: {} }]],
    ['other routes', [A, { routes: ROUTES }], [A, { routes: { ...ROUTES, jwt_issuer_format: 'uri' } }]],
    ['other compiled routes for the same hosts', [A, { routes }], [A, { routes: compileRoutes(ROUTES) }]],
    ['other compiled policies', [A, { policy }], [A, { policy: compilePolicy({}) }]],
    ['other key sources', [A, { keys: staticKeys(jwks(key)) }], [A, { keys: staticKeys(jwks(key)) }]],
    ['other objects of a class', [A, { policy: new Map() }], [A, { policy: new Map() }]],
    ['other upstreams by name', [A, { upstream: 'https://a' }], [A, { upstream: 'https://b' }]],
    ['what is of the environment, and what is of the options', [{}, A], [A, {}]],
  ];
  for (const [name, first, second] of cases) {
    test(name, () => assert.equal(countMade(first, second), 2));
  }
});

describe('contentOfFixed, for options that are written down,', () => {
  const now = () => 1;
  const store = new Map();
  const plainStore = { getItem: () => null, setItem: () => {} };
  const cases: [name: string, first: object, second: object, areEqual: boolean][] = [
    ['the same data', { audience: ['a'], ...ADMINS }, { audience: ['a'], ...structuredClone(ADMINS) }, true],
    ['other data', { audience: ['a'] }, { audience: ['b'] }, false],
    ['the very same function', { now }, { now }, true],
    ['another function', { now }, { now: () => 1 }, false],
    ['the very same store', { store }, { store }, true],
    ['another store', { store }, { store: new Map() }, false],
    ['another store with the same functions', { store: plainStore }, { store: { ...plainStore } }, false],
    ['another policy', { policy }, { policy: compilePolicy({}) }, false],
    ['text that looks like a function', { now }, { now: 'object 1' }, false],
  ];
  for (const [name, first, second, areEqual] of cases) {
    test(`${name}: ${areEqual ? 'equal' : 'not equal'}`, () =>
      assert.equal(contentOfFixed(first) === contentOfFixed(second), areEqual));
  }
});

/** How many were made for these, each asked for twice. */
function countMade(...configurations: Configuration[]): number {
  const kept = new KeptByContent<object>();
  const made = [...configurations, ...configurations].map(([environment, options]) =>
    kept.get(environment, options, () => ({})),
  );
  return new Set(made).size;
}

describe('KeptByContent', () => {
  test('keeps 64, and of more drops the one that was used least recently', () => {
    const kept = new KeptByContent<object>();
    const get = (audience: string) => kept.get({ POMERIUM_AUDIENCE: audience }, undefined, () => ({}));
    const [steady, rare] = [get('steady'), get('rare')];
    for (let i = 0; i < 62; i++) get(`${i}`);
    assert.equal(get('steady'), steady);
    assert.equal(get('rare'), rare, '64 are kept');
    for (let i = 62; i < 300; i++) {
      get(`${i}`);
      assert.equal(get('steady'), steady);
    }
    assert.notEqual(get('rare'), rare);
  });

  test('that is shared has what the other made, and looks for itself at an environment that changed', () => {
    const kept = new KeptByContent<object>();
    const environment = { ...A };
    const make = () => ({});
    const first = kept.get(environment, undefined, make);
    assert.equal(new KeptByContent(kept).get(environment, undefined, make), first);
    environment.POMERIUM_AUDIENCE = 'b';
    assert.equal(kept.get(environment, undefined, make), first);
    assert.notEqual(new KeptByContent(kept).get(environment, undefined, make), first);
  });

  test('keeps nothing of what could not be made', () => {
    const kept = new KeptByContent<number>();
    const failure = new Error('not made');
    assert.throws(
      () =>
        kept.get(A, undefined, () => {
          throw failure;
        }),
      failure,
    );
    assert.equal(
      kept.get(A, undefined, () => 1),
      1,
    );
  });
});
