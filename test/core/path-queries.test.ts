import { assert, describe, test } from 'vitest';
import type { GateOptions } from '../../core/adapter.ts';
import { namesAnotherPath } from '../../core/gate/path-queries.ts';
import { compilePolicy, compileRoutes } from '../../core/index.ts';
import { makeGateRig, ORIGIN, SENDERS } from '../support/gate.ts';

const forAdmins = { allow: { or: [{ groups: 'admins' }] } };
const rules: GateOptions['rules'] = [
  { path: '/status', access: 'public' },
  { prefix: '/admin', access: forAdmins },
  { prefix: '/', access: 'authenticated' },
];
const app = { from: ORIGIN, to: 'http://app' };
const forAll = { ...app, allow_any_authenticated_user: true };
const routes = compileRoutes([{ ...app, prefix: '/admin', policy: [forAdmins] }, forAll]);
const asksPath = compilePolicy({ allow: { or: [{ http_path: { starts_with: '/' } }] } });

const ask = (options: GateOptions<Request>, url: string, sender: 'alice' | 'nobody' = 'alice') =>
  makeGateRig(options, { env: options.routes ? { POMERIUM_AUDIENCE: undefined } : {} }).ask({
    method: 'GET',
    url,
    headers: SENDERS[sender],
  });

describe('a query by which a server could take another path', () => {
  const queries = [
    ...['nxtPid=secret', 'nxtIid=secret', 'nxtPid', '%6extPid=secret', 'nxt%50id=secret', 'a=1&nxtPid=secret&b=2'],
    ...['__pathname=/admin', 'x_astro_path=/admin', '__isr_route=%2Fadmin', '?__pathname=/x&__pathname=/admin'],
  ];
  for (const query of queries) {
    test(`${query} leaves the path without a reading`, async () => {
      for (const url of [`/teams/open?${query}`, `${ORIGIN}/teams/open?${query}`]) {
        assert.equal(await ask({ rules }, url), 'policy_denied');
        assert.equal(await ask({ policy: asksPath }, url), 'policy_denied');
        assert.equal(await ask({ routes }, url), 'policy_denied');
      }
      assert.equal(await ask({ rules }, `/status?${query}`, 'nobody'), 'missing_assertion');
    });

    test(`${query} is no matter where all paths are for the same`, async () => {
      assert.equal(await ask({}, `/x?${query}`), 'u-alice');
      assert.equal(await ask({ rules: [{ prefix: '/', access: 'authenticated' }] }, `/x?${query}`), 'u-alice');
      assert.equal(await ask({ routes: compileRoutes([forAll]) }, `/x?${query}`), 'u-alice');
    });
  }

  for (const query of [
    'id=secret',
    'nxtP=1',
    'nextPage=2',
    'path=/admin',
    'pathname=/admin',
    'q=nxtPid=1',
    'NXTPid=1',
    'xnxtPid=1',
    '__pathnames=/admin',
    '',
  ]) {
    test(`${query || 'an empty one'} is none`, async () => {
      assert.equal(await ask({ rules }, `/teams/open?${query}`), 'u-alice');
    });
  }

  test('without a question mark there is none, and in front of a path it counts', async () => {
    assert.equal(await ask({ rules }, '/teams/a&nxtPid=secret'), 'u-alice');
    assert.isTrue(namesAnotherPath('?nxtPid=secret'));
  });
});
