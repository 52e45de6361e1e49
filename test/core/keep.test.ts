import { assert, describe, test } from 'vitest';
import { compilePolicy, compileRoutes, staticKeys } from '../../core/index.ts';
import { contentOfFixed, copyOfData, KeptByContent } from '../../core/keep.ts';
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

type Configuration = readonly [environment: object | null | undefined, options?: object | string];
const A = { POMERIUM_AUDIENCE: 'a' };

describe('KeptByContent makes the same once', () => {
  const cases: [name: string, first: Configuration, second: Configuration][] = [
    ['the same variables in another object', [A], [{ ...A }]],
    ['a proxy of them', [A], [proxied(A)]],
    ['variables that are not ours', [{ ...A, REQUEST: 1 }], [{ ...A, REQUEST: 2 }]],
    ['a variable with our name in the middle of its own', [{ MY_POMERIUM: 1 }], [{ MY_POMERIUM: 2 }]],
    ['no environment', [undefined], [undefined]],
    ['no environment, as null', [null], [undefined]],
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
    ['a binding, and a variable that is not set', [{ POMERIUM_JWKS_KV: binding() }], [{ POMERIUM_JWKS_KV: undefined }]],
    ['a list with a binding, and an empty one', [{ POMERIUM_X: [binding()] }], [{ POMERIUM_X: [] }]],
    ['a list with a function, and an empty one', [A, { rules: [() => {}] }], [A, { rules: [] }]],
    ['a key source that is a plain object', [A, { keys: { find() {} } }], [A, { keys: { find() {} } }]],
    ['a store within another option', [A, { keys: { getItem() {} } }], [A, { keys: { getItem() {} } }]],
    ['a policy that is a plain object', [A, { policy: { decide() {} } }], [A, { policy: { decide() {} } }]],
    ['routes that are a plain object', [A, { routes: { check() {} } }], [A, { routes: { check() {} } }]],
    ['the content of other fixed options', [A, contentOfFixed({ now() {} })], [A, contentOfFixed({ now() {} })]],
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

describe('copyOfData', () => {
  const data = { audience: ['a'], nested: { list: [{ value: null }], text: 'b', number: 1, none: undefined } };

  test('is equal, and no object or list in it is one of the original', () => {
    const copy = copyOfData(data);
    assert.deepEqual(copy, data);
    assert.notEqual(copy, data);
    assert.notEqual(copy.audience, data.audience);
    assert.notEqual(copy.nested, data.nested);
    assert.notEqual(copy.nested.list, data.nested.list);
    assert.notEqual(copy.nested.list[0], data.nested.list[0]);
  });

  const same: [name: string, value: unknown][] = [
    ['a function', () => 1],
    ['a compiled policy', policy],
    ['compiled routes', routes],
    ['a key source', staticKeys(jwks(key))],
    ['a store', new Map()],
    ['a store that is a plain object', { getItem: () => null, setItem: () => {} }],
    ['a binding', binding()],
    ['text', 'a'],
    ['null', null],
  ];
  for (const [name, value] of same) {
    test(`has the very same of what is no data: ${name}`, () => {
      assert.strictEqual(copyOfData({ list: [value] }).list[0], value);
      assert.strictEqual(copyOfData(value), value);
    });
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

  test('reads an environment once, whatever other options it is asked for in between', () => {
    const kept = new KeptByContent<object>();
    const environment = { ...A };
    const get = (options: object) => kept.get(environment, options, () => ({}));
    const first = get({ optional: true });
    environment.POMERIUM_AUDIENCE = 'b';
    assert.notEqual(get({ optional: false }), first);
    assert.equal(get({ optional: true }), first);
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
