import { type IncomingHttpHeaders, request as send } from 'node:http';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { startUpstream } from '../../scripts/start/upstream.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { startWorkers, type Workers } from './workers.ts';

const OPEN = 'open.corp.example.com';
const CLOSED = 'closed.corp.example.com';
const ASSERTION = 'x-pomerium-jwt-assertion';

/** One file for two hosts and all that a wildcard takes. */
const ROUTES = {
  pass_identity_headers: true,
  routes: [
    { from: `https://${OPEN}`, prefix: '/public/', to: 'http://app', allow_public_unauthenticated_access: true },
    { from: `https://${OPEN}`, to: 'http://app', allow_any_authenticated_user: true },
    { from: `https://${CLOSED}`, to: 'http://app', policy: [{ allow: { or: [{ groups: 'admins' }] } }] },
    { from: 'https://*.apps.corp.example.com', to: 'http://app', allowed_domains: ['example.com'] },
  ],
};

/** One Pomerium signs for all of its hosts with the same key. */
const issuer = await createTestIssuer({ host: OPEN });
const signFor = (host: string, claims: object = {}) => issuer.sign({ aud: host, iss: host, ...claims });
const keys = await issuer.serve();
const ENVIRONMENT = { POMERIUM_ROUTES: JSON.stringify(ROUTES), POMERIUM_JWKS_URL: keys.jwksUrl };
afterAll(() => keys.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: { code?: string; headers?: [name: string, value: string][]; from?: string | null };
}

/** `target`: a path, or a whole URL as proxies are asked. */
function ask(base: string, target: string, host: string, assertion?: string): Promise<Answer> {
  const { hostname, port } = new URL(base);
  const headers = { host, 'x-pomerium-claim-email': 'root@evil.test', ...(assertion && { [ASSERTION]: assertion }) };
  return new Promise((resolve, reject) => {
    const outgoing = send({ hostname, port, path: target, headers }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) });
    });
    outgoing.on('error', reject).end();
  });
}

/** The status and the code of a refusal. */
const refusalOf = ({ status, body: { code } }: Answer) => `${status} ${code}`;
const pomeriumHeaders = ({ body: { headers = [] } }: Answer) =>
  Object.fromEntries(headers.filter(([name]) => name.toLowerCase().startsWith('x-pomerium-')));

function testRoutes(baseUrl: () => string): void {
  test('the open host is for whoever is signed in', async () => {
    const assertion = await signFor(OPEN);
    const answer = await ask(baseUrl(), '/x', OPEN, assertion);
    assert.equal(answer.status, 200);
    assert.include(pomeriumHeaders(answer), { [ASSERTION]: assertion, 'x-pomerium-claim-email': 'alice@example.com' });
  });

  test('an assertion of the open host is refused on the closed one', async () => {
    const assertion = await signFor(OPEN);
    assert.equal(refusalOf(await ask(baseUrl(), '/x', CLOSED, assertion)), '401 audience_mismatch');
    assert.equal(refusalOf(await ask(baseUrl(), `http://${CLOSED}/x`, CLOSED, assertion)), '401 audience_mismatch');
    assert.equal(refusalOf(await ask(baseUrl(), '/x', `${CLOSED}:8443`, assertion)), '401 audience_mismatch');
    const admin = await signFor(OPEN, { groups: ['admins'] });
    assert.equal(refusalOf(await ask(baseUrl(), '/x', CLOSED, admin)), '401 audience_mismatch');
  });

  test('a genuine assertion of somebody whom the route refuses is refused, whatever Host it comes with', async () => {
    const assertion = await signFor(CLOSED);
    for (const host of [CLOSED, 'app.internal', '127.0.0.1']) {
      assert.equal(refusalOf(await ask(baseUrl(), '/x', host, assertion)), '403 policy_denied');
    }
    const admin = await signFor(CLOSED, { groups: ['admins'] });
    for (const host of [CLOSED, 'app.internal']) {
      assert.equal((await ask(baseUrl(), '/x', host, admin)).status, 200);
    }
  });

  test('a host that did not exist when this was deployed works, where a wildcard takes it', async () => {
    const host = `tenant-${crypto.randomUUID()}.apps.corp.example.com`;
    assert.equal((await ask(baseUrl(), '/x', host, await signFor(host))).status, 200);
    const stranger = await signFor(host, { email: 'eve@example.org' });
    assert.equal(refusalOf(await ask(baseUrl(), '/x', host, stranger)), '403 policy_denied');
    const other = await signFor('other.apps.corp.example.com');
    assert.equal(refusalOf(await ask(baseUrl(), '/x', host, other)), '401 audience_mismatch');
    const unknown = await signFor('apps.corp.example.org');
    assert.equal(refusalOf(await ask(baseUrl(), '/x', host, unknown)), '401 audience_mismatch');
  });

  test('nobody passes a public route with Pomerium’s assertion for nobody, and no claim of a user goes on', async () => {
    const anonymous = await issuer.anonymous();
    const answer = await ask(baseUrl(), '/public/x', OPEN, anonymous);
    assert.equal(answer.status, 200);
    assert.deepEqual(pomeriumHeaders(answer), {});
    assert.equal(answer.headers['cache-control'], 'private, no-cache');
    assert.include(answer.headers['vary'], ASSERTION);
    assert.equal(refusalOf(await ask(baseUrl(), '/x', OPEN, anonymous)), '401 anonymous');
    assert.equal(refusalOf(await ask(baseUrl(), '/public/x', OPEN)), '401 missing_assertion');
    assert.equal(refusalOf(await ask(baseUrl(), '/public/..%2fx', OPEN, anonymous)), '403 policy_denied');
  });

  test('what Pomerium answers itself, and what a stranger signed, is refused', async () => {
    assert.equal(refusalOf(await ask(baseUrl(), '/.pomerium/jwt', OPEN, await signFor(OPEN))), '403 policy_denied');
    const stranger = await (await createTestIssuer({ host: OPEN })).sign();
    assert.equal(refusalOf(await ask(baseUrl(), '/x', OPEN, stranger)), '401 unknown_key');
  });
}

describe('the guard with two hosts and a wildcard, in workerd', () => {
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let workers: Workers;
  beforeAll(async () => {
    upstream = await startUpstream();
    workers = await startWorkers((await bundleWorker()).code, 1, {
      bindings: { ...ENVIRONMENT, POMERIUM_AUDIENCE: '', POMERIUM_UPSTREAM: upstream.url },
    });
  });
  afterAll(() => Promise.all([workers.miniflare.dispose(), upstream.close()]));
  testRoutes(() => workers.urls[0] ?? '');
});

describe('a service with two hosts and a wildcard, on Node.js with Hono', () => {
  let server: Running;
  let url: string;
  beforeAll(async () => {
    server = startProcess(process.execPath, ['test/e2e/routes-app.ts'], { env: ENVIRONMENT });
    url = `http://127.0.0.1:${await server.printed(/port (\d+)/)}`;
  });
  afterAll(() => server.stop());
  testRoutes(() => url);

  test('is told by which route somebody came', async () => {
    const { body } = await ask(url, '/x', OPEN, await signFor(OPEN));
    assert.equal(body.from, `https://${OPEN}`);
  });
});
