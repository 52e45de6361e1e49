import { Hono } from 'hono';
import { assert, describe, test } from 'vitest';
import { type PomeriumOptions, pomerium } from '../../../adapters/hono/index.ts';
import { compilePolicy, compileRoutes, staticKeys } from '../../../core/index.ts';
import { key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import { assertMisconfigured } from '../../support/verifying.ts';

const keys = staticKeys(jwks(key));
const options: PomeriumOptions = { keys, now: () => NOW, log: false };
const forAdmins = { policy: [{ allow: { or: [{ groups: 'admins' }] } }] };
const forSomebody = { allow_any_authenticated_user: true };
const forAnybody = { allow_public_unauthenticated_access: true };
const routesOf = (...routes: object[]) => routes.map((one) => ({ from: `https://${HOST}`, to: 'http://app', ...one }));
const ROUTES = routesOf(
  { prefix: '/public', name: 'public', ...forAnybody },
  { prefix: '/admin', name: 'admin', ...forAdmins },
  { name: 'app', ...forSomebody },
);

const appWith = (given: Parameters<typeof pomerium>[0]) =>
  new Hono().use(pomerium(given ?? {})).all('*', (c) => c.json(c.var.identity?.route?.name ?? 'nobody'));

describe('pomerium() with routes', () => {
  const ways: [name: string, given: Parameters<typeof pomerium>[0]][] = [
    ['as a configuration', { ...options, routes: ROUTES }],
    ['that are compiled', { ...options, routes: compileRoutes(ROUTES) }],
    ['of an options function', () => ({ ...options, routes: ROUTES })],
  ];
  const cases: [path: string, sender: keyof typeof SENDERS, answer: string | number][] = [
    ['/x', 'alice', 'app'],
    ['/x', 'anonymous', 401],
    ['/public/x', 'anonymous', 'nobody'],
    ['/public/x', 'nobody', 401],
    ['/public/x', 'alice', 'public'],
    ['/admin/x', 'alice', 403],
    ['/admin/x', 'admin', 'admin'],
    ['/public/../admin', 'alice', 403],
  ];
  for (const [name, given] of ways) {
    const app = appWith(given);
    for (const [path, sender, answer] of cases) {
      test(`${name}: ${path} for ${sender} is ${answer}`, async () => {
        const response = await app.request(`https://edge.example${path}`, { headers: SENDERS[sender] });
        assert.equal(response.ok ? await response.json() : response.status, answer);
      });
    }
  }

  const wildcard = [{ from: 'https://*.apps.corp.example.com', to: 'http://app', ...forSomebody }];
  const fromOffice = routesOf({ policy: [{ allow: { and: [{ accept: true }, { source_ip: 'x' }] } }] });

  test('what only the environment can say is no mistake when the app is built', () => {
    pomerium({ routes: wildcard });
    pomerium({ routes: fromOffice });
    // docs/routes.md says to leave groups to Pomerium then.
    pomerium({
      routes: routesOf({ jwt_groups_filter: ['staff'], policy: { deny: { or: [{ groups: 'contractors' }] } } }),
    });
  });

  const mistakes: [given: PomeriumOptions, message: RegExp][] = [
    [{ routes: routesOf({ polcy: [] }) }, /\[0\]\.polcy: .*write policy/],
    [{ routes: fromOffice, leaveToPomerium: ['date'] }, /source_ip/],
    [{ routes: ROUTES, audience: HOST }, /routes and audience exclude each other/],
    [{ routes: ROUTES, issuer: HOST }, /routes and issuer exclude each other/],
    [{ routes: ROUTES, issuers: { [HOST]: keys } }, /routes and issuers exclude each other/],
    [{ routes: ROUTES, policy: compilePolicy({}) }, /routes and policy exclude each other/],
    [{ routes: ROUTES, rules: [] }, /routes and rules exclude each other/],
    [{ routes: ROUTES, optional: true }, /routes and optional exclude each other/],
    [{ routes: ROUTES, allowPreflight: true }, /routes and allowPreflight exclude each other/],
  ];
  for (const [given, message] of mistakes) {
    test(`what cannot work is thrown when the app is built: ${message}`, () =>
      assertMisconfigured(() => pomerium(given), message));
  }
});
