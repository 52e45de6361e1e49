import { assert, describe, test } from 'vitest';
import { createGuard, type GuardEnvironment, type GuardOptions } from '../../../adapters/cloudflare/index.ts';
import { compilePolicy, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { Origin } from '../../support/origin.ts';

const key = await makeKey();
const firstKey = await makeKey();
const FIRST = 'first.corp.example.com';
const ASSERTION = 'x-pomerium-jwt-assertion';
const onBehalfOf: GuardOptions['onBehalfOf'] = {
  audience: FIRST,
  keys: staticKeys(jwks(firstKey)),
  callers: compilePolicy({ allow: { or: [{ user: 'svc' }] } }),
};

/** Sends a request through the guard, to an upstream on loopback that tells which headers reached it. */
async function send(headers: Record<string, string>, options: GuardOptions = {}, more: Partial<GuardEnvironment> = {}) {
  const upstream = await Origin.start({ body: 'from the upstream', headers: { 'x-upstream': '1' } });
  const { origin, pathname } = new URL(upstream.url);
  const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)), POMERIUM_UPSTREAM: origin, ...more };
  const guard = createGuard({ now: () => NOW, ...options });
  const request = new Request(`https://edge.example${pathname}`, { headers });
  const response = await guard.fetch(request, env, { waitUntil: () => {} });
  return { response, received: (await upstream.hits())[0]?.headers };
}

describe('the guard, in workerd', () => {
  test('passes a verified request on, with the assertion and none of the other headers that pose as Pomerium’s', async () => {
    const token = await sign(key);
    const { response, received } = await send({
      [ASSERTION]: token,
      [`${ASSERTION}-for`]: 'junk.a.b',
      'x-pomerium-claim-email': 'root@evil.test',
      x_pomerium_claim_groups: 'admins',
      'x-other': 'kept',
    });
    assert.equal(await response.text(), 'from the upstream');
    assert.equal(response.headers.get('x-upstream'), '1');
    const names = Object.keys(received ?? {}).filter((name) => /pomerium|other/.test(name));
    assert.deepEqual(names.sort(), ['x-other', ASSERTION]);
    assert.equal(received?.[ASSERTION], token);
  });

  test('refuses what is not verified before anything reaches the upstream', async () => {
    const { response, received } = await send({ [ASSERTION]: await sign(key, { exp: 1 }) });
    assert.equal(response.status, 401);
    assert.isUndefined(received);
  });

  test('keeps x-pomerium-jwt-assertion-for only when it was verified', async () => {
    const service = { sub: 'svc', user: 'svc' };
    const original = await sign(firstKey, { aud: FIRST, iss: FIRST });
    const headers = { [ASSERTION]: await sign(key, service), [`${ASSERTION}-for`]: original };
    assert.equal((await send(headers, { onBehalfOf })).received?.[`${ASSERTION}-for`], original);
    assert.isUndefined((await send(headers)).received?.[`${ASSERTION}-for`]);
    const forged = await send({ ...headers, [`${ASSERTION}-for`]: 'junk.a.b' }, { onBehalfOf });
    assert.equal(forged.response.status, 401);
    assert.isUndefined(forged.received);
  });

  test('decides the policy of its environment on the path that it is asked for', async () => {
    const headers = { [ASSERTION]: await sign(key) };
    const policyFor = (prefix: string) =>
      JSON.stringify({ allow: { and: [{ http_method: 'GET' }, { http_path: { starts_with: prefix } }] } });
    assert.equal((await send(headers, {}, { POMERIUM_POLICY: policyFor('/jwks/') })).response.status, 200);
    assert.equal((await send(headers, {}, { POMERIUM_POLICY: policyFor('/other/') })).response.status, 403);
  });

  for (const [name, env] of [
    ['a policy that is no JSON', { POMERIUM_POLICY: 'allow: all' }],
    ['a policy that cannot be answered', { POMERIUM_POLICY: '{"allow":{"or":[{"source_ip":"10.0.0.1"}]}}' }],
    ['an upstream that is no origin', { POMERIUM_UPSTREAM: 'https://x.test/path' }],
    ['an upstream of another scheme', { POMERIUM_UPSTREAM: 'ftp://x.test' }],
  ] as const) {
    test(`${name}: everything is refused with a 500 that says nothing`, async () => {
      const { response, received } = await send({ [ASSERTION]: await sign(key) }, {}, env);
      assert.equal(response.status, 500);
      assert.equal(((await response.json()) as { code: string }).code, 'invalid_configuration');
      assert.isUndefined(received);
    });
  }
});
