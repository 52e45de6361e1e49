import { assert, describe, test } from 'vitest';
import { forward, type GateOptions, type GateRequest, withHeaders } from '../../core/adapter.ts';
import { compilePolicy } from '../../core/index.ts';
import { ASSERTION, firstRoute, makeGateRig, SENDERS } from '../support/gate.ts';

const alice = SENDERS.alice[ASSERTION];
const expired = SENDERS.expired[ASSERTION];
const asksPath = compilePolicy({ allow: { or: [{ http_path: { starts_with: '/' } }] } });
const everything: GateOptions['rules'] = [{ prefix: '/', access: 'public' }];

/** The headers that go on of a request that passes. */
async function forwarded(
  options: GateOptions,
  headers: Record<string, string>,
  request: Partial<GateRequest> = {},
): Promise<Record<string, string>> {
  const sent = new Headers(headers);
  const result = await makeGateRig(options).gate.authorize({ method: 'GET', url: '/', headers: sent, ...request });
  assert(result.type === 'allow');
  const on = forward(sent, result.headers);
  assert.deepEqual(Object.fromEntries(sent), Object.fromEntries(new Headers(headers)), 'those that came stay');
  return Object.fromEntries(on);
}

/** Headers that a request brings; in the result `true` is as it came, and a name that is not there does not go on. */
type Row = [name: string, options: GateOptions, sent: Record<string, string>, expected: Record<string, string | true>];

function testRows(rows: readonly Row[]) {
  for (const [name, options, sent, expected] of rows) {
    test(name, async () => {
      const values = Object.entries(expected).map(([header, value]) => [header, value === true ? sent[header] : value]);
      assert.deepEqual(await forwarded(options, sent), Object.fromEntries(values));
    });
  }
}

describe('unverified Pomerium headers', () => {
  const spoofed = {
    'x-pomerium-claim-email': 'root@evil.test',
    x_pomerium_claim_groups: 'admins',
    'x.pomerium.jwt.assertion': 'a.b.c',
    [`${ASSERTION}-for`]: 'a.b.c',
  };
  const others = { cookie: 'a=1', accept: '*/*', 'x-request-id': 'r' };
  const kept = { cookie: true, accept: true, 'x-request-id': true } as const;
  testRows([
    [
      'do not go on with an assertion that holds, which does',
      {},
      { ...SENDERS.alice, ...spoofed, ...others },
      { [ASSERTION]: true, ...kept },
    ],
    ['do not go on for nobody', { optional: true }, { ...spoofed, ...others }, kept],
    ['do not go on for who is anonymous', { optional: true }, { ...SENDERS.anonymous, ...spoofed, ...others }, kept],
    [
      'do not go on with an assertion that does not hold on a public path',
      { rules: everything },
      { ...SENDERS.expired, ...spoofed, ...others },
      kept,
    ],
    [
      'do not go on with a preflight',
      { allowPreflight: true, optional: true },
      { ...spoofed, origin: 'https://a.test', 'access-control-request-method': 'PUT' },
      { origin: true, 'access-control-request-method': true },
    ],
  ]);
});

describe('an assertion on behalf of a user', () => {
  test('goes on where it was verified, and not otherwise', async () => {
    const { onBehalfOf } = firstRoute;
    const headers = { ...SENDERS.alice, [`${ASSERTION}-for`]: await firstRoute.sign() };
    assert.deepEqual(await forwarded({ onBehalfOf }, headers), headers);
    assert.deepEqual(await forwarded({}, headers), SENDERS.alice);
    assert.deepEqual(await forwarded({ onBehalfOf, keepAssertion: false }, headers), {});
  });

  test('takes no unverified header with it', async () => {
    const { onBehalfOf } = firstRoute;
    const headers = { ...SENDERS.alice, [`${ASSERTION}-for`]: await firstRoute.sign() };
    const spoofed = { ...headers, 'x-pomerium-claim-groups': 'admins', x_pomerium_jwt_assertion_for: 'a.b.c' };
    assert.deepEqual(await forwarded({ onBehalfOf }, spoofed), headers);
  });

  test('is kept back by keepAssertion: false as a bearer token, too', async () => {
    const { onBehalfOf } = firstRoute;
    const original = await firstRoute.sign();
    const headers = { ...SENDERS.alice, [`${ASSERTION}-for`]: original, authorization: `Bearer ${original}` };
    assert.deepEqual(await forwarded({ onBehalfOf }, headers), headers);
    assert.deepEqual(await forwarded({ onBehalfOf, keepAssertion: false }, headers), {});
  });
});

test('an assertion that holds goes on as an event has it, with white space around it', async () => {
  const sent = { 'X-Pomerium-Jwt-Assertion': ` ${alice}\t` };
  const result = await makeGateRig({}).gate.authorize({ method: 'GET', url: '/', headers: sent });
  assert(result.type === 'allow');
  for (const [name, value] of Object.entries(sent)) assert.isTrue(result.headers.keeps(name, value));
  assert.isFalse(result.headers.keeps('x-pomerium-jwt-assertion', ` ${expired}`));
});

describe('keepAssertion: false', () => {
  const without: GateOptions = { keepAssertion: false };
  testRows([
    ['keeps it back', without, SENDERS.alice, {}],
    [
      'keeps it back where it is a bearer token, too',
      without,
      { ...SENDERS.alice, authorization: `Bearer ${alice}` },
      {},
    ],
    ['keeps it back in any spelling of that', without, { ...SENDERS.alice, authorization: `bEARER   ${alice} ` }, {}],
    ['keeps it back where it is all of Authorization', without, { ...SENDERS.alice, authorization: alice }, {}],
    [
      'keeps it back beside another Authorization',
      without,
      { ...SENDERS.alice, authorization: `Basic eDp5, Bearer ${alice}` },
      {},
    ],
    [
      'keeps it back in front of another Authorization',
      without,
      { ...SENDERS.alice, authorization: `Bearer ${alice} , Basic eDp5` },
      {},
    ],
    ['keeps it back by another scheme', without, { ...SENDERS.alice, authorization: `Token ${alice}` }, {}],
    ...[alice, expired, `${expired}, Bearer ${alice}`].map(
      (bearer, i): Row => [
        `keeps back each of two that came, whichever is a bearer token, too (${['first', 'second', 'both'][i]})`,
        { ...without, rules: everything },
        { [ASSERTION]: `${alice}, ${expired}`, authorization: `Bearer ${bearer}` },
        {},
      ],
    ),
    [
      'keeps back what a public path does not believe',
      { ...without, rules: everything },
      { ...SENDERS.expired, authorization: `Bearer ${expired}` },
      {},
    ],
    [
      'lets another token on',
      without,
      { ...SENDERS.alice, authorization: `Bearer ${alice}x` },
      { authorization: true },
    ],
    ['lets an opaque token on', without, { ...SENDERS.alice, authorization: 'Bearer a.b.c' }, { authorization: true }],
    [
      'lets a name and password on',
      without,
      { ...SENDERS.alice, authorization: 'Basic eDp5' },
      { authorization: true },
    ],
    [
      'lets an Authorization on that is empty',
      { ...without, optional: true },
      { authorization: '' },
      { authorization: true },
    ],
  ]);
  testRows([
    [
      'is not the default: it goes on in both',
      {},
      { ...SENDERS.alice, authorization: `Bearer ${alice}` },
      { [ASSERTION]: true, authorization: true },
    ],
  ]);
});

describe('Pomerium’s own session', () => {
  const values: [value: string, goesOn: boolean][] = [
    ['Pomerium abc', false],
    ['pomerium abc', false],
    ['Bearer Pomerium-abc', false],
    ['bearer  pomerium-abc', false],
    ['Basic eDp5, Pomerium abc', false],
    ['Basic eDp5,Bearer Pomerium-abc', false],
    ['Pomerium-abc', true],
    ['Pomeriumish abc', true],
    ['Bearer abc', true],
    ['Bearer abc-Pomerium-abc', true],
    ['Basic eDp5', true],
    ['Digest username="Pomerium x", realm="Bearer"', true],
  ];
  for (const [authorization, goesOn] of values) {
    test(`Authorization: ${authorization} ${goesOn ? 'goes on' : 'does not go on'}`, async () => {
      const headers = await forwarded({}, { ...SENDERS.alice, authorization });
      assert.equal(headers['authorization'], goesOn ? authorization : undefined);
    });
  }
});

/** Headers with one value, also by the names that a CGI-like server takes for them. */
const spellings = (names: readonly string[]) =>
  Object.fromEntries(names.flatMap((name) => [name, name.replaceAll('-', '_')]).map((name) => [name, '/admin']));

const asksMethod = compilePolicy({ allow: { or: [{ http_method: 'GET' }] } });
const isIn = (headers: object) => Object.fromEntries(Object.keys(headers).map((name) => [name, true as const]));

describe('headers that override the path', () => {
  const overrides = spellings([
    ...['x-original-url', 'x-original-uri', 'x-rewrite-url', 'x-override-url', 'script-name', 'x-script-name'],
    ...['path-info', 'x-forwarded-prefix', 'x-forwarded-path', 'x-forwarded-uri', 'x-envoy-original-path'],
    ...['x-matched-path', 'x-invoke-path', 'x-sveltekit-pathname', 'x-astro-path', 'x-now-route-matches'],
    ...['x-ms-original-url', 'next-url'],
  ]);
  const others = { ...SENDERS.alice, 'x-forwarded-for': '192.0.2.1', 'x-http-method-override': 'DELETE' };
  const sent = { ...overrides, ...others };
  testRows([
    ['do not go on where rules decide', { rules: everything }, sent, isIn(others)],
    ['go on where nothing asks about the path', {}, sent, isIn(sent)],
  ]);
  testRows([
    [
      'do not go on where a policy asks about the path',
      { policy: asksPath },
      { ...SENDERS.alice, ...overrides },
      isIn(SENDERS.alice),
    ],
    [
      'go on where a policy asks about something else',
      { policy: asksMethod },
      { ...SENDERS.alice, ...overrides },
      isIn({ ...SENDERS.alice, ...overrides }),
    ],
  ]);

  test('do not go on where the policy of a route asks about the path', async () => {
    const request = { method: 'GET', url: '/', headers: new Headers({ ...SENDERS.alice, ...overrides }) };
    const result = await makeGateRig().gate.authorize(request, { policy: asksPath });
    assert(result.type === 'allow');
    assert.deepEqual([...forward(request.headers, result.headers).keys()], [ASSERTION]);
  });
});

describe('headers of which a server makes the URL', () => {
  const names = ['x-forwarded-host', 'X_Forwarded_Proto', 'x-forwarded-port', 'forwarded'];
  const all = (value: string) => ({
    ...SENDERS.alice,
    ...Object.fromEntries(names.map((name) => [name.toLowerCase(), value])),
  });
  const plain = all('app.example:8443, [::1]');
  const others = {
    ...SENDERS.alice,
    'x-forwarded-client-cert': 'URI=spiffe://a/b',
    'x-forwarded-for-url': 'a/b',
    'not-forwarded': 'a/b',
    'x-note': 'forwarded:a/b',
  };
  testRows([
    ['go on with a host, a scheme and a port', { rules: everything }, plain, isIn(plain)],
    ['go on with a path where nothing asks about it', {}, all('a/admin?'), isIn(plain)],
    ['of other names go on with a slash', { rules: everything }, others, isIn(others)],
    ...['a/admin?', 'http://a', 'a\\admin', 'a?', 'a#', 'host=a;proto="x://a/admin?"'].map((value): Row => {
      return [`do not go on with ${value} where rules decide`, { rules: everything }, all(value), isIn(SENDERS.alice)];
    }),
  ]);
});

describe('headers that override the method', () => {
  const overrides = spellings(['x-http-method-override', 'x-http-method', 'x-method-override']);
  const sent = { ...SENDERS.alice, ...overrides };
  const others = { ...SENDERS.alice, 'not-x-http-method': 'PUT', 'x-http-methods': 'PUT' };
  const rulesWith = (access: 'public' | object): GateOptions => ({ rules: [{ prefix: '/', access }] });
  const preflight = { origin: 'https://a.test', 'access-control-request-method': 'PUT' };
  testRows([
    ['do not go on where a policy asks about the method', { policy: asksMethod }, sent, isIn(SENDERS.alice)],
    ['do not go on where a policy asks about the path', { policy: asksPath }, sent, isIn(SENDERS.alice)],
    ['do not go on where a policy of a rule asks about it', rulesWith(asksMethod), sent, isIn(SENDERS.alice)],
    ['go on where rules ask about the path alone', rulesWith('public'), sent, isIn(sent)],
    ['go on where nothing asks about the request', {}, sent, isIn(sent)],
    ['of other names go on', { policy: asksMethod }, others, isIn(others)],
    [
      'go on with a preflight that is let in as a request',
      {},
      { ...sent, ...preflight },
      isIn({ ...sent, ...preflight }),
    ],
  ]);

  const ask = async (
    options: GateOptions,
    method: string,
    headers: Record<string, string>,
    policy?: typeof asksMethod,
  ) => {
    const request = { method, url: '/', headers: new Headers(headers) };
    const result = await makeGateRig(options).gate.authorize(request, { policy });
    assert(result.type === 'allow');
    return Object.fromEntries(forward(request.headers, result.headers));
  };
  test('do not go on where the policy of a route asks about the method', async () => {
    assert.deepEqual(await ask({}, 'GET', sent, asksMethod), SENDERS.alice);
  });

  test('do not go on with a preflight that passes as one, and go on with any other request', async () => {
    const options = { allowPreflight: true };
    assert.deepEqual(await ask(options, 'OPTIONS', { ...overrides, ...preflight }), preflight);
    assert.deepEqual(await ask(options, 'GET', sent), sent);
  });
});

describe('Connection, by which the next server removes headers,', () => {
  const value = (connection: string, goesOn: boolean, options: GateOptions = {}) => ({ connection, goesOn, options });
  const cases = [
    value('keep-alive', true),
    value('Upgrade', true),
    value('close, TE', true),
    value('x-department', true),
    value('x-pomerium-claim-groups', false),
    value('keep-alive, X-Pomerium-Claim-Groups', false),
    value('close ,\tx_pomerium_claim_email', false),
    value(ASSERTION, false),
    value('X-Department', false, { claimHeaders: { 'x-department': 'department' } }),
    value('x-email', false, { removeHeaders: ['X-Email'] }),
  ];
  for (const { connection, goesOn, options } of cases) {
    test(`${goesOn ? 'goes on' : 'does not go on'}: ${JSON.stringify(connection)} ${JSON.stringify(options)}`, async () => {
      const headers = await forwarded(options, { ...SENDERS.alice, connection });
      assert.equal(headers['connection'], goesOn ? connection : undefined);
    });
  }
});

describe('claims as headers', () => {
  const claims = {
    'x-pomerium-claim-user': 'u-alice',
    'x-pomerium-claim-email': 'alice@example.com',
    'x-pomerium-claim-name': 'Alice Liddell',
    'x-pomerium-claim-groups': 'g1,engineering',
  };
  const spoofed = {
    'x-email': 'root@evil.test',
    X_Email: 'root@evil.test',
    'x-pomerium-claim-email': 'root@evil.test',
  };
  testRows([
    [
      'are written in place of those that came',
      { claimHeaders: [] },
      { ...SENDERS.alice, ...spoofed },
      { ...claims, [ASSERTION]: true, 'x-email': true, x_email: 'root@evil.test' },
    ],
    [
      'are written by other names, too',
      { claimHeaders: { 'X-Email': 'email' } },
      { ...SENDERS.alice, ...spoofed },
      { ...claims, [ASSERTION]: true, 'x-email': 'alice@example.com' },
    ],
    [
      'are not written for nobody, and those that came are gone',
      { claimHeaders: { 'X-Email': 'email' }, optional: true },
      spoofed,
      {},
    ],
    ['are not written by default', {}, SENDERS.alice, { [ASSERTION]: true }],
  ]);

  test('are written by default where the platform is a guard, whose service knows nothing else of the caller', async () => {
    const { gate } = makeGateRig({}, { writesClaims: true });
    const result = await gate.authorize({ headers: SENDERS.alice });
    assert(result.type === 'allow');
    assert.deepEqual(Object.fromEntries(forward(new Headers(), result.headers)), claims);
  });

  for (const claimHeaders of ['department', false, null, 7, [7], { 'x-a': 7 }, { 'a b': 'c' }]) {
    test(`${JSON.stringify(claimHeaders)} is no list of them`, async () => {
      const rig = makeGateRig({ claimHeaders } as unknown as GateOptions<Request>);
      assert.equal(await rig.ask({}), 'invalid_configuration');
      assert.match(String(rig.lines[0]?.line), /claimHeaders must be a list of claims/);
    });
  }
});

describe('removeHeaders', () => {
  testRows([
    [
      'do not go on, in any spelling',
      { removeHeaders: ['X-Email'] },
      { ...SENDERS.alice, 'x-email': 'a', X_EMAIL: 'b', 'x-mail': 'c' },
      { [ASSERTION]: true, 'x-mail': true },
    ],
    ['do not go on for nobody either', { removeHeaders: ['cookie'], optional: true }, { cookie: 'a=1' }, {}],
  ]);

  for (const removeHeaders of ['x-email', [''], [7], null, {}]) {
    test(`${JSON.stringify(removeHeaders)} is no list of them`, async () => {
      const rig = makeGateRig({ removeHeaders } as unknown as GateOptions<Request>);
      assert.equal(await rig.ask({}), 'invalid_configuration');
      assert.match(String(rig.lines[0]?.line), /removeHeaders must be a list of names/);
    });
  }
});

test('an assertion header goes on only with the value that was verified, should an event have another one, too', async () => {
  const { gate } = makeGateRig();
  const result = await gate.authorize({ headers: SENDERS.alice });
  assert(result.type === 'allow');
  for (const name of [ASSERTION, 'X-Pomerium-Jwt-Assertion']) {
    assert.isTrue(result.headers.keeps(name, alice));
    for (const value of ['a.b.c', '', `${alice},${alice}`]) assert.isFalse(result.headers.keeps(name, value), value);
  }
});

describe('an answer that passed', () => {
  const noStoreHeaders = { 'x-cdn-cache-control': 'no-store' };
  const PRIVATE = { 'cache-control': 'private, no-cache' };
  const VARY = { vary: ASSERTION };
  const cases: [name: string, options: GateOptions, answer: Record<string, string>, set: Record<string, string>][] = [
    ['that says nothing is private', {}, {}, { ...VARY, ...PRIVATE, ...noStoreHeaders }],
    [
      'whose Cache-Control is empty is private',
      {},
      { 'cache-control': '' },
      { ...VARY, ...PRIVATE, ...noStoreHeaders },
    ],
    ['keeps its own Cache-Control', {}, { 'cache-control': 'public, max-age=60' }, { ...VARY, ...noStoreHeaders }],
    ['keeps its own Vary', {}, { vary: 'Accept' }, { vary: `Accept, ${ASSERTION}`, ...PRIVATE, ...noStoreHeaders }],
    [
      'that varies with it in any spelling is left so',
      {},
      { vary: 'accept,X-Pomerium-JWT-Assertion' },
      { ...PRIVATE, ...noStoreHeaders },
    ],
    [
      'that varies with it among others, with white space, is left so',
      {},
      { vary: `Accept , ${ASSERTION} , Origin` },
      { ...PRIVATE, ...noStoreHeaders },
    ],
    ['that varies with everything is left so', {}, { vary: '*' }, { ...PRIVATE, ...noStoreHeaders }],
    ['is nobody’s where it is shared', { shared: true }, {}, {}],
  ];
  for (const [name, options, answer, set] of cases) {
    test(name, () => {
      const { gate } = makeGateRig(options, { noStoreHeaders });
      assert.deepEqual(Object.fromEntries(gate.answerHeaders((header) => answer[header])), set);
    });
  }
});

describe('the headers of an answer', () => {
  const headers = [
    ['vary', 'accept'],
    ['cache-control', 'private'],
  ] as const;

  test('are set in place of its own, on a copy of it', async () => {
    const answer = new Response('body', { status: 418, headers: { vary: 'origin', 'x-mine': '1' } });
    const changed = withHeaders(answer, headers);
    assert.equal(changed.status, 418);
    assert.equal(await changed.text(), 'body');
    for (const [name, value] of [...headers, ['x-mine', '1'] as const]) assert.equal(changed.headers.get(name), value);
    assert.equal(answer.headers.get('vary'), 'origin');
  });

  test('are not set on an upgrade, which no copy can be made of', () => {
    const upgrade = Object.defineProperty(new Response(), 'status', { value: 101 });
    assert.strictEqual(withHeaders(upgrade, headers), upgrade);
  });
});

describe('endAtExpiry', () => {
  const cases: [name: string, options: GateOptions, seconds: number | undefined][] = [
    ['is for exp and the tolerance', { endAtExpiry: true }, 360],
    ['is for exp and a tolerance of one’s own', { endAtExpiry: true, clockTolerance: 0 }, 300],
    ['is for ever by default', {}, undefined],
  ];
  for (const [name, options, seconds] of cases) {
    test(`what is open ${name}`, async () => {
      const { gate } = makeGateRig(options);
      const result = await gate.authorize({ headers: SENDERS.alice });
      assert(result.type === 'allow' && result.identity);
      assert.equal(gate.secondsOpen(result.identity), seconds);
    });
  }

  test('is by the clock of the machine, where the options have none', async () => {
    const unset: object = { endAtExpiry: true, now: undefined };
    const { gate } = makeGateRig(unset);
    const result = await makeGateRig().gate.authorize({ headers: SENDERS.alice });
    assert(result.type === 'allow' && result.identity);
    const seconds = gate.secondsOpen({ ...result.identity, expiresAt: Date.now() / 1000 + 300 });
    assert.closeTo(seconds ?? 0, 360, 5);
  });
});
