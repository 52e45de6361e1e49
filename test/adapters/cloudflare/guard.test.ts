import { assert, describe, test } from 'vitest';
import { createGuard, type GuardEnvironment, type GuardOptions } from '../../../adapters/cloudflare/index.ts';
import { compilePolicy, staticKeys } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
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
async function send(
  headers: Record<string, string>,
  options: GuardOptions = {},
  more: Partial<GuardEnvironment> = {},
  { path, ...init }: RequestInit & { path?: string } = {},
) {
  const upstream = await Origin.start({ body: 'from the upstream', headers: { 'x-upstream': '1' } });
  const { origin, pathname } = new URL(upstream.url);
  const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)), POMERIUM_UPSTREAM: origin, ...more };
  const guard = createGuard({ now: () => NOW, ...options });
  const request = new Request(`https://edge.example${pathname}${path ?? ''}`, { headers, ...init });
  const response = await guard.fetch(request, env, { waitUntil: () => {} });
  const text = await response.clone().text();
  const code: string = response.status < 300 ? 'passed' : text && JSON.parse(text).code;
  return { response, code, received: (await upstream.hits())[0]?.headers };
}

/** What is written to the log meanwhile. */
async function linesOf(level: 'warn' | 'error', work: () => Promise<void>): Promise<string[]> {
  const { lines } = await withConsoleLines(work);
  return lines.filter((line) => line.level === level).map(({ line }) => String(line));
}

describe('the guard, in workerd', () => {
  test('passes a verified request on, with the assertion and no unverified Pomerium headers', async () => {
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
    const seen = Object.entries(received ?? {}).filter(([name]) => /pomerium|other/.test(name));
    assert.deepEqual(Object.fromEntries(seen), {
      'x-other': 'kept',
      'x-pomerium-claim-email': 'alice@example.com',
      'x-pomerium-claim-groups': 'g1,engineering',
      'x-pomerium-claim-name': 'Alice Liddell',
      'x-pomerium-claim-user': 'u-alice',
      [ASSERTION]: token,
    });
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

  test('answers HEAD and OPTIONS as it does the others', async () => {
    const head = await send({}, {}, {}, { method: 'HEAD' });
    assert.equal(head.response.status, 401);
    assert.equal(await head.response.text(), '');
    assert.equal((await send({}, {}, {}, { method: 'OPTIONS' })).code, 'missing_assertion');
    assert.equal((await send({ [ASSERTION]: await sign(key) }, {}, {}, { method: 'OPTIONS' })).code, 'passed');
  });

  describe('CORS preflights', () => {
    const preflight = { origin: 'https://a.test', 'access-control-request-method': 'PUT' };
    const sendPreflight = (headers: Record<string, string>, env: Partial<GuardEnvironment>, method = 'OPTIONS') =>
      send({ ...headers, 'x-pomerium-claim-email': 'root@evil.test' }, {}, env, { method });
    const allowed = { POMERIUM_ALLOW_PREFLIGHT: 'true' };

    test('are refused like all that does not come through Pomerium', async () => {
      assert.equal((await sendPreflight(preflight, {})).code, 'missing_assertion');
      assert.equal((await sendPreflight(preflight, { POMERIUM_ALLOW_PREFLIGHT: 'false' })).code, 'missing_assertion');
    });

    test('pass, for nobody, when they are asked for', async () => {
      const { code, received } = await sendPreflight({ ...preflight, [ASSERTION]: 'a.b.c' }, allowed);
      assert.equal(code, 'passed');
      assert.deepEqual(
        Object.keys(received ?? {}).filter((name) => /pomerium/.test(name)),
        [],
      );
      assert.equal((await send(preflight, { allowPreflight: true }, {}, { method: 'OPTIONS' })).code, 'passed');
    });

    test('are the only requests that pass without an assertion', async () => {
      assert.equal((await sendPreflight({ origin: 'https://a.test' }, allowed)).code, 'missing_assertion');
      assert.equal((await sendPreflight(preflight, allowed, 'GET')).code, 'missing_assertion');
    });
  });

  describe('path rules', () => {
    const admins = { allow: { or: [{ groups: 'admins' }] } };
    const only = (access: unknown) => ({ POMERIUM_RULES: JSON.stringify([{ prefix: '/jwks/', access }]) });
    const claimsOf = (received: Record<string, string> | undefined) =>
      Object.keys(received ?? {}).filter((name) => /pomerium/.test(name));

    test('public: without an assertion, and with a bad one, which is dropped; a good one counts', async () => {
      const none = await send({}, {}, only('public'));
      assert.equal(none.code, 'passed');
      const bad = await send({ [ASSERTION]: await sign(key, { exp: 1 }) }, {}, only('public'));
      assert.equal(bad.code, 'passed');
      assert.deepEqual([...claimsOf(none.received), ...claimsOf(bad.received)], []);
      const good = await send({ [ASSERTION]: await sign(key) }, {}, only('public'));
      assert.equal(good.received?.['x-pomerium-claim-email'], 'alice@example.com');
    });

    test('authenticated: for whoever comes through Pomerium', async () => {
      assert.equal((await send({}, {}, only('authenticated'))).code, 'missing_assertion');
      assert.equal((await send({ [ASSERTION]: await sign(key) }, {}, only('authenticated'))).code, 'passed');
    });

    test('a policy: for whom it allows', async () => {
      const admin = { [ASSERTION]: await sign(key, { groups: ['admins'] }) };
      assert.equal((await send({}, {}, only(admins))).code, 'missing_assertion');
      assert.equal((await send({ [ASSERTION]: await sign(key) }, {}, only(admins))).code, 'policy_denied');
      assert.equal((await send(admin, {}, only(admins))).code, 'passed');
      const rules = [{ prefix: '/', access: compilePolicy(admins) }];
      assert.equal((await send(admin, { rules })).code, 'passed');
    });

    test('no rule: for nobody, and who is not known is told so first', async () => {
      const env = { POMERIUM_RULES: '[{"path":"/x","access":"public"}]' };
      assert.equal((await send({}, {}, env)).code, 'missing_assertion');
      assert.equal((await send({ [ASSERTION]: await sign(key) }, {}, env)).code, 'policy_denied');
    });

    test('never look at a header that tells another path', async () => {
      const rules = [{ path: '/public' as const, access: 'public' as const }];
      for (const name of [
        'x-original-url',
        'x-rewrite-url',
        'x-forwarded-uri',
        'x-forwarded-prefix',
        'x-original-uri',
      ]) {
        assert.equal((await send({ [name]: '/public' }, { rules })).code, 'missing_assertion', name);
      }
    });

    test('the verifier’s own policy holds on every path that is not public', async () => {
      const options = { policy: compilePolicy(admins) };
      assert.equal(
        (await send({ [ASSERTION]: await sign(key) }, options, only('authenticated'))).code,
        'policy_denied',
      );
    });
  });

  test('keeps the assertion from the upstream when told to', async () => {
    for (const [options, env] of [
      [{ keepAssertion: false }, {}],
      [{}, { POMERIUM_KEEP_ASSERTION: 'false' }],
    ] as const) {
      const { received } = await send({ [ASSERTION]: await sign(key) }, options, env);
      assert.isUndefined(received?.[ASSERTION]);
      assert.equal(received?.['x-pomerium-claim-email'], 'alice@example.com');
    }
  });

  test('writes the claims that it is asked for, under the names that it is given', async () => {
    const token = await sign(key, { department: 'R&D', name: '李小龍' });
    const { received } = await send(
      { [ASSERTION]: token },
      {},
      { POMERIUM_CLAIM_HEADERS: 'department, X-Dept=department' },
    );
    assert.equal(received?.['x-pomerium-claim-department'], 'R&D');
    assert.equal(received?.['x-dept'], 'R&D');
    // The upstream, in Node.js, reads bytes.
    assert.equal(received?.['x-pomerium-claim-name'], String.fromCharCode(...new TextEncoder().encode('李小龍')));
  });

  test('says of its answers that they vary with the assertion', async () => {
    const { response } = await send({ [ASSERTION]: await sign(key) });
    assert.equal(response.headers.get('vary'), 'x-pomerium-jwt-assertion');
  });

  test('logs refusals for the operator, and of what came only the host names of issuer and audience', async () => {
    const wrongHost = await sign(key, {
      aud: 'wiki.example.com',
      iss: 'wiki.example.com',
      email: 'secret@example.com',
    });
    const lines = await linesOf('warn', async () => {
      assert.equal((await send({ [ASSERTION]: wrongHost })).code, 'audience_mismatch');
    });
    assert.lengthOf(lines, 1);
    const logged = JSON.parse(lines[0] ?? '');
    assert.include(logged, { type: 'assertion_refused', code: 'audience_mismatch', status: 401 });
    assert.include(logged, { expected: `"${HOST}"`, received: '"wiki.example.com"' });
    assert.match(
      logged.message,
      /^The assertion is for another audience than the configured ones: audience must be the route's host\.$/,
    );
    assert.notInclude(lines[0], 'secret');
    assert.notInclude(lines[0], wrongHost.slice(0, 20));

    const expired = await sign(key, { email: 'secret@example.com', exp: 17 });
    const others = await linesOf('warn', async () => {
      assert.equal((await send({ [ASSERTION]: expired })).code, 'expired');
    });
    assert.notProperty(JSON.parse(others[0] ?? ''), 'received');
    assert.notInclude(others[0], 'secret');
  });

  test('says in the log why the upstream could not be reached, and answers 502', async () => {
    const token = await sign(key);
    const lines = await linesOf('error', async () => {
      const { response } = await send({ [ASSERTION]: token }, {}, { POMERIUM_UPSTREAM: 'http://127.0.0.1:1' });
      assert.equal(response.status, 502);
    });
    assert.lengthOf(lines, 1);
    assert.match(
      lines[0] ?? '',
      /^pomerium-edge: the upstream could not be reached: the connection was refused, or closed/,
    );
    assert.notInclude(lines[0], token.slice(0, 20));
  });

  test('without an upstream answers with the identity, which no cache may keep', async () => {
    const env = { POMERIUM_UPSTREAM: '' };
    const { response } = await send({ [ASSERTION]: await sign(key) }, {}, env);
    assert.include(await response.json(), { subject: 'u-alice' });
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const nobody = await send({}, { optional: true }, env);
    assert.isNull(await nobody.response.json());
  });

  for (const [name, options] of [
    ['an upstream that is a number', { upstream: 7 }],
    ['an upstream cache as text', { upstreamCache: 'false' }],
  ] as const) {
    test(`${name}: everything is refused with a 500`, async () => {
      const { response, received } = await send({ [ASSERTION]: await sign(key) }, options as never);
      assert.equal(response.status, 500);
      assert.isUndefined(received);
    });
  }

  for (const [name, env] of [
    ['rules that are no JSON', { POMERIUM_RULES: 'public' }],
    ['rules that are none', { POMERIUM_RULES: '{"path":"/"}' }],
    ['a switch that is neither on nor off', { POMERIUM_ALLOW_PREFLIGHT: 'yes' }],
    ['a claim header that is no name', { POMERIUM_CLAIM_HEADERS: 'a b' }],
    ['a policy that is no JSON', { POMERIUM_POLICY: 'allow: all' }],
    ['a policy that cannot be answered', { POMERIUM_POLICY: '{"allow":{"or":[{"source_ip":"10.0.0.1"}]}}' }],
    ['an upstream that is no origin', { POMERIUM_UPSTREAM: 'https://x.test/path' }],
    ['an upstream of another scheme', { POMERIUM_UPSTREAM: 'ftp://x.test' }],
    ['an upstream that is no service binding', { POMERIUM_UPSTREAM: {} as never }],
    ['an upstream cache that is neither on nor off', { POMERIUM_UPSTREAM_CACHE: 'yes' }],
  ] as const) {
    test(`${name}: everything is refused with a 500 that says nothing`, async () => {
      const { response, received } = await send({ [ASSERTION]: await sign(key) }, {}, env);
      assert.equal(response.status, 500);
      assert.equal(((await response.json()) as { code: string }).code, 'invalid_configuration');
      assert.isUndefined(received);
    });
  }
});
