import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { startStandIn } from '../../scripts/start/stand-in.ts';
import { startUpstream } from '../../scripts/start/upstream.ts';
import { HOST, sign } from '../support/issuer.ts';
import { assertDoctorFindsNothing } from './doctor.ts';
import { startWrangler, type Wrangler } from './wrangler.ts';

/** The deployable under its own tool: `wrangler dev` with the `wrangler.toml` of the root. */
function startGuard(variables: Record<string, string>): Promise<Wrangler> {
  return startWrangler(['dev', ...Object.entries(variables).flatMap(([name, value]) => ['--var', `${name}:${value}`])]);
}

const standIn = await startStandIn({});
const upstream = await startUpstream();
const now = Math.floor(Date.now() / 1000);
const assertion = await sign(standIn.key, { iat: now, exp: now + 3600 });
const signedIn = { 'x-pomerium-jwt-assertion': assertion };

afterAll(() => Promise.all([standIn.close(), upstream.close()]));

describe('the guard before an upstream', () => {
  let guard: Wrangler;
  beforeAll(async () => {
    guard = await startGuard({
      POMERIUM_AUDIENCE: HOST,
      POMERIUM_JWKS_URL: standIn.jwksUrl(),
      POMERIUM_UPSTREAM: upstream.url,
    });
  });
  afterAll(() => guard.stop());

  test('refuses what came around Pomerium, with a problem document', async () => {
    const response = await fetch(`${guard.url}/x`);
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal(((await response.json()) as { code: string }).code, 'missing_assertion');
    assert.isUndefined(upstream.takeReceived());
  });

  test('the doctor finds nothing', async () => {
    await assertDoctorFindsNothing(`${guard.url}/admin`, standIn.key);
    upstream.takeReceived();
  });

  test('refuses a HEAD request without a body', async () => {
    const response = await fetch(`${guard.url}/x`, { method: 'HEAD' });
    assert.equal(response.status, 401);
    assert.equal(await response.text(), '');
  });

  test('passes method, path, query and headers on, cleaned, and the answer back', async () => {
    const response = await fetch(`${guard.url}//evil.test/a%2Fb/./c?q=1&q=2`, {
      method: 'POST',
      headers: {
        ...signedIn,
        'x-pomerium-claim-email': 'root@evil.test',
        x_pomerium_claim_user: 'root',
        'x-other': 'kept',
      },
      body: 'hello',
    });
    assert.equal(response.status, 200);
    const received = upstream.takeReceived();
    assert.equal(received?.method, 'POST');
    assert.equal(received?.path, '//evil.test/a%2Fb/c?q=1&q=2');
    const headers = new Map(received?.headers.map(([name, value]) => [name.toLowerCase(), value]));
    assert.equal(headers.get('x-pomerium-jwt-assertion'), assertion);
    assert.equal(headers.get('x-other'), 'kept');
    assert.deepEqual(
      [...headers].filter(([name]) => /pomerium.claim/.test(name)),
      [
        ['x-pomerium-claim-email', 'alice@example.com'],
        ['x-pomerium-claim-groups', 'g1,engineering'],
        ['x-pomerium-claim-name', 'Alice Liddell'],
        ['x-pomerium-claim-user', 'u-alice'],
      ],
    );
  });
});

describe('the guard without an upstream', () => {
  test('shows the identity to who came through Pomerium', async () => {
    const guard = await startGuard({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: standIn.jwksUrl() });
    try {
      const response = await fetch(guard.url, { headers: signedIn });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.include(await response.json(), { subject: 'u-alice', email: 'alice@example.com' });
      assert.equal((await fetch(guard.url)).status, 401);
    } finally {
      await guard.stop();
    }
  });
});

describe('the guard without a configuration', () => {
  test('refuses everything with a 500 that says nothing, and the log says what to set', async () => {
    const guard = await startGuard({});
    try {
      const response = await fetch(guard.url, { headers: signedIn });
      assert.equal(response.status, 500);
      assert.notInclude(await response.text(), 'POMERIUM_AUDIENCE');
      await guard.printed(/POMERIUM_AUDIENCE is not set/);
    } finally {
      await guard.stop();
    }
  });
});
