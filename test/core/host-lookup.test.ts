import { assert, describe, test } from 'vitest';
import { readConfiguration } from '../../core/routes/configuration.ts';
import { createLookup, type HostLookup, hasPorts, indexHosts } from '../../core/routes/hosts.ts';
import { readRoute } from '../../core/routes/route.ts';
import { route } from '../support/judged-routes.ts';

const indexOf = (...froms: readonly string[]) => {
  const { globals, routes } = readConfiguration(froms.map((from) => route(from, from)));
  return indexHosts(
    routes.map((section) => readRoute(section, globals)),
    [],
  );
};
const lookupOf = (...froms: readonly string[]): HostLookup => createLookup(indexOf(...froms));

describe('the port of a request makes a difference', () => {
  const rows: [differs: boolean, froms: readonly string[]][] = [
    [false, ['https://[::1]']],
    [false, ['https://app.example.com', 'http://plain.example.com:80', 'https://*.example.com']],
    [true, ['https://app.example.com', 'https://app.example.com:8443']],
    [true, ['https://*.example.com:8443']],
    [true, ['tcp+https://db.example.com:5432']],
  ];
  for (const [differs, froms] of rows) {
    test(`${differs}: ${froms.join(', ')}`, () => assert.equal(hasPorts(indexOf(...froms)), differs));
  }
});

describe('the virtual hosts of a host are made once', () => {
  const lookup = lookupOf('https://app.example.com', 'https://*.a.example.com', 'https://*.example.com:8443');

  for (const [host, port] of [
    ['app.example.com', undefined],
    ['x.a.example.com', undefined],
    ['x.a.example.com', '8443'],
    ['other.test', undefined],
  ] as const) {
    test(`for ${host} with the port ${port}`, () => assert.strictEqual(lookup(host, port), lookup(host, port)));
  }

  test('for all hosts that the same wildcards take', () => {
    const [first, ...more] = lookup('x.a.example.com', undefined);
    assert.lengthOf(more, 1);
    assert.strictEqual(lookup('y.a.example.com', undefined)[0], first);
    assert.notStrictEqual(lookup('x.b.example.com', '8443')[0], first);
  });

  test('whatever port it is asked for, where its routes are for all', () => {
    assert.lengthOf(lookup('app.example.com', undefined), 1);
    assert.strictEqual(lookup('app.example.com', '8443')[0], lookup('app.example.com', '9999')[0]);
  });
});
