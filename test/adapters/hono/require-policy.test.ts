import { Hono } from 'hono';
import { assert, describe, test } from 'vitest';
import { type PomeriumOptions, pomerium, requirePolicy } from '../../../adapters/hono/index.ts';
import { compilePolicy, type PolicyOptions, type PomeriumEvent, staticKeys } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { ASSERTION, eventNames, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW, sign } from '../../support/issuer.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';

const keys = staticKeys(jwks(key));
const options: PomeriumOptions = { audience: HOST, keys, now: () => NOW };
const ADMINS = { allow: { or: [{ groups: 'admins' }] } };

/** An app with a policy on one route. */
function appWith(policy: object, more: PomeriumOptions = {}, own: PolicyOptions = {}) {
  return new Hono()
    .use(pomerium({ ...options, ...more }))
    .all('/admin/*', requirePolicy(policy, own), (c) => c.text(c.var.identity.subject))
    .all('/pub/:tenant/secret', requirePolicy(policy), (c) => c.text(c.req.param('tenant')));
}

async function codeOf(response: Response): Promise<string> {
  return response.ok ? response.text() : ((await response.json()) as { code: string }).code;
}

describe('requirePolicy()', () => {
  test('logs its refusal with the request that came, and tells onEvent', async () => {
    const events: PomeriumEvent[] = [];
    const app = appWith(ADMINS, { onEvent: (event) => events.push(event) });
    const request = new Request('https://edge.example/admin/x?secret', {
      headers: { ...SENDERS.alice, 'x-request-id': 'r-1' },
    });
    const { result, lines } = await withConsoleLines(async () => app.fetch(request));
    assert.equal(result.status, 403);
    assert.lengthOf(lines, 1);
    assert.deepInclude(JSON.parse(String(lines[0]?.line)), {
      code: 'policy_denied',
      request: { method: 'GET', path: '/admin/x', id: 'r-1' },
    });
    assert.deepEqual(eventNames(events).at(-1), 'policy_denied');
  });

  test('answers a person with the page, and with what onRefused says', async () => {
    const headers = { ...SENDERS.alice, accept: 'text/html' };
    const page = await appWith(ADMINS, { log: false }).request('/admin/x', { headers });
    assert.include(await page.text(), '<h1>No access</h1>');
    const seen: string[] = [];
    const onRefused: PomeriumOptions['onRefused'] = ({ code }, request) => {
      seen.push(code, request.url, request.headers.get(ASSERTION) ?? '');
      return new Response('mine', { status: 418 });
    };
    const app = appWith(ADMINS, { log: false, onRefused, keepAssertion: false });
    const own = await app.request('https://edge.example/admin/x', { headers });
    assert.equal(own.status, 418);
    assert.equal(own.headers.get('cache-control'), 'no-store');
    assert.deepEqual(seen, ['policy_denied', 'https://edge.example/admin/x', SENDERS.alice[ASSERTION]]);
  });

  test('knows who came where the assertion does not go on', async () => {
    const app = appWith(ADMINS, { keepAssertion: false });
    assert.equal(await codeOf(await app.request('/admin/x', { headers: SENDERS.admin })), 'u-admin');
    const upgrade = { ...SENDERS.admin, upgrade: 'websocket' };
    assert.equal(await codeOf(await app.request('/admin/x', { headers: upgrade })), 'u-admin');
  });

  const preflight = { origin: 'https://a.test', 'access-control-request-method': 'PUT' };
  const nobody: [name: string, options: PomeriumOptions, init: RequestInit, code: string][] = [
    ['who comes without an assertion', { optional: true }, {}, 'missing_assertion'],
    ['who is anonymous', { optional: true }, { headers: SENDERS.anonymous }, 'anonymous'],
    ['on a public path', { rules: [{ prefix: '/', access: 'public' }] }, {}, 'missing_assertion'],
    [
      'with a bad assertion on a public path',
      { rules: [{ prefix: '/', access: 'public' }] },
      { headers: SENDERS.expired },
      'expired',
    ],
    ['with a preflight', { allowPreflight: true }, { method: 'OPTIONS', headers: preflight }, 'missing_assertion'],
  ];
  for (const [name, more, init, code] of nobody) {
    test(`lets nobody in ${name}`, async () => {
      assert.equal(await codeOf(await appWith(ADMINS, { log: false, ...more }).request('/admin/x', init)), code);
    });
  }

  test('refuses a path that Hono reads in another way than a policy would', async () => {
    const policy = { allow: { or: [{ http_path: { starts_with: '/pub/open/' } }] } };
    const app = appWith(policy, { log: false });
    const read = async (path: string) => codeOf(await app.request(path, { headers: SENDERS.alice }));
    assert.equal(await read('/pub/open%2f/secret'), 'policy_denied');
    assert.equal(await read('/pub/open/secret'), 'open');
    assert.equal(await read('/pub/other/secret'), 'policy_denied');
  });

  test('removes headers that override the path where it asks about the path', async () => {
    const seen: (string | null)[] = [];
    const policyOf = (criterion: object) => requirePolicy({ allow: { or: [criterion] } });
    const app = new Hono()
      .use(pomerium({ ...options, claimHeaders: ['department'] }))
      .use('/path', policyOf({ http_path: '/path' }))
      .use('/method', policyOf({ http_method: 'GET' }))
      .all('*', (c) => {
        seen.push(c.req.header('x-original-url') ?? null, c.req.raw.headers.get('x-pomerium-claim-email'));
        return c.text('in');
      });
    const headers = { ...SENDERS.alice, 'x-original-url': '/admin' };
    for (const path of ['/path', '/method']) assert.equal((await app.request(path, { headers })).status, 200);
    assert.deepEqual(seen, [null, 'alice@example.com', '/admin', 'alice@example.com']);
  });

  describe('takes the claims in listClaims as lists', () => {
    const policy = { allow: { or: [{ accept: true }] }, deny: { or: [{ 'claim/roles': 'contractor' }] } };
    const env = { POMERIUM_LIST_CLAIMS: 'roles' };
    const cases: [
      name: string,
      more: PomeriumOptions,
      own: { listClaims?: readonly string[] },
      env: Record<string, string>,
      code: string,
    ][] = [
      ['of the environment', {}, {}, env, 'policy_denied'],
      ['of pomerium()', { listClaims: ['roles'] }, {}, {}, 'policy_denied'],
      ['of its own', {}, { listClaims: ['roles'] }, {}, 'policy_denied'],
      ['of pomerium() rather than of the environment', { listClaims: [] }, {}, env, 'u-alice'],
      ['of its own rather than of both', { listClaims: ['roles'] }, { listClaims: [] }, env, 'u-alice'],
      ['which are unknown by default, and then refuses everybody', {}, {}, {}, 'invalid_configuration'],
    ];
    for (const [name, more, own, given, code] of cases) {
      test(name, async () => {
        const headers = { [ASSERTION]: await sign(key, { roles: 'staff,contractor' }) };
        const response = await withProcessEnvironment(given, async () =>
          appWith(policy, { log: false, ...more }, own).request('/admin/x', { headers }, given),
        );
        assert.equal(await codeOf(response), code);
      });
    }
  });

  describe('leaves to Pomerium what leaveToPomerium names', () => {
    const policy = { allow: { and: [{ accept: true }, { source_ip: '10.0.0.0/8' }] } };
    const leaveToPomerium = ['source_ip'];
    const env = { POMERIUM_LEAVE_TO_POMERIUM: 'source_ip' };
    const ask = (more: PomeriumOptions, own: PolicyOptions, given: Record<string, string>) =>
      withProcessEnvironment(given, () =>
        withConsoleLines(async () =>
          appWith(policy, { log: false, ...more }, own).request('/admin/x', { headers: SENDERS.alice }, given),
        ),
      );
    const cases: [name: string, more: PomeriumOptions, own: PolicyOptions, env: Record<string, string>][] = [
      ['in the environment', {}, {}, env],
      ['in the options of pomerium()', { leaveToPomerium }, {}, {}],
      ['in its own', {}, { leaveToPomerium }, {}],
    ];
    for (const [name, more, own, given] of cases) {
      test(name, async () => assert.equal(await codeOf((await ask(more, own, given)).result), 'u-alice'));
    }

    test('and where nothing does, it refuses everybody, and the log says why', async () => {
      const { result, lines } = await ask({ log: true }, {}, {});
      assert.equal(result.status, 500);
      assert.equal(await codeOf(result), 'invalid_configuration');
      assert.match(JSON.parse(String(lines[0]?.line)).message, /source_ip cannot be answered .*leaveToPomerium/);
    });
  });

  describe('beside routes', () => {
    const routes = {
      routes: [{ from: `https://${HOST}`, to: 'http://app', allow_public_unauthenticated_access: true }],
    };
    const app = (policy: object, more: PomeriumOptions = {}) =>
      new Hono()
        .use(pomerium({ keys, now: () => NOW, log: false, routes, ...more }))
        .get('/', requirePolicy(policy), (c) => c.text(c.var.identity.subject));
    const anybody = { allow: { or: [{ accept: true }] } };

    test('lets nobody in, whom a public route does, and tells onEvent', async () => {
      const events: PomeriumEvent[] = [];
      const own = app(anybody, { onEvent: (event) => events.push(event) });
      const response = await own.request('/', { headers: SENDERS.anonymous });
      assert.equal(response.status, 401);
      assert.equal(await codeOf(response), 'anonymous');
      assert.deepEqual(eventNames(events), ['verified', 'anonymous']);
    });

    test('lets in whom both let in', async () => {
      assert.equal(await codeOf(await app(anybody).request('/', { headers: SENDERS.alice })), 'u-alice');
      assert.equal(await codeOf(await app(ADMINS).request('/', { headers: SENDERS.alice })), 'policy_denied');
      assert.equal(await codeOf(await app(ADMINS).request('/', { headers: SENDERS.admin })), 'u-admin');
    });
  });

  test('takes a compiled policy as it is', async () => {
    const app = appWith(compilePolicy(ADMINS), { log: false });
    assert.equal(await codeOf(await app.request('/admin/x', { headers: SENDERS.admin })), 'u-admin');
    assert.equal(await codeOf(await app.request('/admin/x', { headers: SENDERS.alice })), 'policy_denied');
  });
});
