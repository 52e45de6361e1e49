import { assert, describe, test } from 'vitest';
import { createGate, type GateOptions, requireHandler } from '../../core/adapter.ts';
import { allOf } from '../../core/gate/rules.ts';
import {
  compilePolicy,
  createVerifier,
  createVerifierFromEnvironment,
  type Policy,
  PomeriumError,
} from '../../core/index.ts';
import { ASSERTION, key, makeGateRig, ORIGIN, SENDERS } from '../support/gate.ts';
import { HOST, sign } from '../support/issuer.ts';
import { assertMisconfigured, errorOf } from '../support/verifying.ts';

const ADMINS = compilePolicy({ allow: { or: [{ groups: 'admins' }] } });
const POLICY = { audience: HOST, policy: ADMINS };

/** Values of which nothing would be read, so that the policy would be left out. */
const NO_OPTIONS: readonly [name: string, value: unknown, message: RegExp][] = [
  ['a promise', Promise.resolve(POLICY), /a promise.*must not be async/],
  ['a Map', new Map(Object.entries(POLICY)), /Options must be a plain object/],
  ['a list', [POLICY], /Options must be a plain object,.*they are a list/],
  ['a number', 1, /Options must be a plain object,.*they are 1/],
  ['text', 'app', /Options must be a plain object,.*they are "app"/],
  ['no text', '', /Options must be a plain object/],
  ['null', null, /Options must be a plain object,.*they are null/],
  ['members of a prototype', Object.create(POLICY), /Options must be a plain object/],
  ['members of a prototype without one', Object.create(Object.assign(Object.create(null), POLICY)), /plain object/],
  [
    'an object of a class',
    new (class {
      policy = ADMINS;
    })(),
    /Options must be a plain object/,
  ],
];

describe('options that are no plain object are refused:', () => {
  for (const [name, value, message] of NO_OPTIONS) {
    test(`${name}, of a gate`, () => {
      assertMisconfigured(() => makeGate({ POMERIUM_AUDIENCE: HOST }, value), message);
    });
    test(`${name}, of a verifier`, () => {
      assertMisconfigured(() => createVerifier(value as never), /plain object/);
      assertMisconfigured(() => createVerifierFromEnvironment({ POMERIUM_AUDIENCE: HOST }, value as never), message);
    });
  }

  test('but not those of another kind of plain object', () => {
    assert.doesNotThrow(() => makeGate({ POMERIUM_AUDIENCE: HOST }, Object.assign(Object.create(null), POLICY)));
  });
});

function makeGate(env: object, options: unknown): void {
  createGate(env, options as GateOptions, { log: { event() {}, failure() {} } });
}

describe('what is wrapped is refused where it is no function:', () => {
  const cases: [name: string, handler: unknown, what: RegExp][] = [
    ['nothing, as of an export that is misspelt', undefined, /handler must be a function; it is nothing/],
    ['an object with a handler', { fetch() {} }, /handler must be a function; it is a value of type object/],
    ['text', 'handler', /it is "handler"/],
  ];
  for (const [name, handler, what] of cases) {
    test(name, () => assertMisconfigured(() => requireHandler(handler), what));
  }

  test('but not a function', () => assert.doesNotThrow(() => requireHandler(async () => {})));
});

describe('names of headers and claims that can never match are refused:', () => {
  const cases: [name: string, options: GateOptions | object, env: object, message: RegExp][] = [
    ['a pattern', { removeHeaders: ['x-user-*'] }, {}, /^removeHeaders has "x-user-\*".*write the whole name/],
    ['two names', { removeHeaders: ['x-email x-user-email'] }, {}, /^removeHeaders has "x-email x-user-email"/],
    ['a colon', { removeHeaders: ['x-email:'] }, {}, /^removeHeaders has "x-email:"/],
    ['a space', { removeHeaders: ['x-email '] }, {}, /^removeHeaders has "x-email "/],
    ['no name', { removeHeaders: [''] }, {}, /^removeHeaders must be a list of names/],
    ['a pattern', {}, { POMERIUM_REMOVE_HEADERS: 'x-a,x-user-*' }, /^POMERIUM_REMOVE_HEADERS has "x-user-\*"/],
    ['two names', {}, { POMERIUM_REMOVE_HEADERS: 'x-email x-name' }, /^POMERIUM_REMOVE_HEADERS has "x-email x-name"/],
    ['JSON', {}, { POMERIUM_REMOVE_HEADERS: '["x-email"]' }, /^POMERIUM_REMOVE_HEADERS .*commas/],
    ['JSON', {}, { POMERIUM_LIST_CLAIMS: '["a"]' }, /^POMERIUM_LIST_CLAIMS .*commas/],
    ['no claim', {}, { POMERIUM_LIST_CLAIMS: 'a,,b' }, /^POMERIUM_LIST_CLAIMS must be a list of names/],
    ['a second claim', {}, { POMERIUM_CLAIM_HEADERS: 'x-d=department=foo' }, /^POMERIUM_CLAIM_HEADERS/],
    ['no claim', {}, { POMERIUM_CLAIM_HEADERS: 'x-d=' }, /^POMERIUM_CLAIM_HEADERS/],
    ['no header', {}, { POMERIUM_CLAIM_HEADERS: '=department' }, /^POMERIUM_CLAIM_HEADERS/],
    ['JSON', {}, { POMERIUM_CLAIM_HEADERS: '["department"]' }, /^POMERIUM_CLAIM_HEADERS .*commas/],
    ['no claim', { claimHeaders: [''] }, {}, /^claimHeaders must be/],
    ['no claim', { claimHeaders: { 'x-d': '' } }, {}, /^claimHeaders must be/],
    ['an address in brackets, which are no JSON', {}, { POMERIUM_AUDIENCE: '[::1]' }, /^The audience "\[::1\]" is not/],
    ['a Map', { claimHeaders: new Map([['x-d', 'department']]) }, {}, /^claimHeaders must be/],
    ['a promise', { claimHeaders: Promise.resolve(['department']) }, {}, /^claimHeaders must be/],
  ];
  for (const [name, options, env, message] of cases) {
    test(`${name}: ${JSON.stringify({ ...options, ...env })}`, () =>
      assertMisconfigured(() => makeGate({ POMERIUM_AUDIENCE: HOST, ...env }, options), message));
  }

  const good: [options: GateOptions, env: object][] = [
    [{ removeHeaders: ['X-Email', 'x_user.email', "x-!#$%&'+^`|~9"] }, {}],
    [{}, { POMERIUM_REMOVE_HEADERS: 'X-Email, x_name', POMERIUM_LIST_CLAIMS: 'https://example.com/roles,a' }],
    [{}, { POMERIUM_CLAIM_HEADERS: 'department, X-Dept=department' }],
    [{}, { POMERIUM_AUDIENCE: '::1' }],
  ];
  for (const [options, env] of good) {
    test(`but not ${JSON.stringify({ ...options, ...env })}`, () =>
      assert.doesNotThrow(() => makeGate({ POMERIUM_AUDIENCE: HOST, ...env }, options)));
  }
});

describe('a policy of one’s own whose check is async is a mistake, and lets nobody in:', () => {
  const rejecting = { ...ADMINS, check: () => Promise.reject(new Error('no')) as never };
  const resolving = { ...ADMINS, check: async () => {} };
  for (const [name, policy] of Object.entries<Policy>({ rejecting, resolving })) {
    const cases: [where: string, options: GateOptions<Request>][] = [
      ['policy', { policy }],
      ['rules', { rules: [{ prefix: '/', access: policy }] }],
      ['rules beside a policy', { policy: ADMINS, rules: [{ prefix: '/', access: policy }] }],
    ];
    for (const [where, options] of cases) {
      test(`${where}, ${name}`, async () => {
        const rig = makeGateRig(options);
        assert.equal(await rig.ask({ headers: SENDERS.admin, url: `${ORIGIN}/x` }), 'invalid_configuration');
        assert.match(String(rig.lines.at(-1)?.line), /check of a policy must not be async/);
      });
    }
    test(`one of several, ${name}`, async () => {
      const error = await errorOf(() => allOf([policy, policy]).check({} as never));
      assert.equal(error?.code, 'invalid_configuration');
    });
  }
});

describe('with several audiences the assertion is for each host that the request names and that is one:', () => {
  const [WIKI, PAYROLL] = ['wiki.example.com', 'payroll.example.com'];
  const cases: [url: string, host: string | undefined, answer: string][] = [
    [`https://${WIKI}/`, undefined, 'u-alice'],
    [`https://${WIKI}/`, WIKI, 'u-alice'],
    [`https://${WIKI}/`, PAYROLL, 'audience_mismatch'],
    [`https://${PAYROLL}/`, WIKI, 'audience_mismatch'],
    ['https://internal.test/', WIKI, 'u-alice'],
    ['https://internal.test/', PAYROLL, 'audience_mismatch'],
    ['https://internal.test/', `${WIKI}, ${PAYROLL}`, 'audience_mismatch'],
    ['https://internal.test/', `other.test,${PAYROLL}:8443`, 'audience_mismatch'],
    ['/', `${WIKI},`, 'u-alice'],
    ['/', undefined, 'u-alice'],
  ];
  for (const [url, host, answer] of cases) {
    test(`${url} with Host: ${host} is ${answer} for the first`, async () => {
      const rig = makeGateRig({ audience: [WIKI, PAYROLL] });
      const headers = { [ASSERTION]: await sign(key, { aud: WIKI, iss: WIKI }), host };
      assert.equal(await rig.ask({ url, headers }), answer);
    });
  }
});

describe('what is written for the operator:', () => {
  test('a path is cut', async () => {
    const rig = makeGateRig();
    await rig.ask({ url: `/${'a'.repeat(9000)}` });
    assert.include(rig.lines[0]?.line, `"path":"/${'a'.repeat(511)}"`);
    assert.isBelow(String(rig.lines[0]?.line).length, 1500);
  });

  test('a mistake in onRefused is a line with its name and message, and without a token', async () => {
    const { [ASSERTION]: token } = SENDERS.expired;
    const rig = makeGateRig({
      onRefused: (_error, request) => {
        throw Object.assign(new TypeError(`cannot send ${request.headers.get(ASSERTION)} on`), { request });
      },
    });
    const request = new Request(ORIGIN, { headers: { [ASSERTION]: token } });
    const answer = await rig.gate.refuse(new PomeriumError('expired', ''), request, request);
    assert.equal(answer.status, 401);
    const line = String(rig.lines.at(-1)?.line);
    assert.match(
      line,
      /^\{"type":"invalid_configuration","message":"onRefused failed: TypeError: cannot send … on"\}$/,
    );
    assert.notInclude(line, token.split('.')[1] ?? '');
  });

  test('the answer of a gate that cannot work has the headers of its platform that keep it out of caches', async () => {
    const noStoreHeaders = { 'cloudflare-cdn-cache-control': 'no-store' };
    const { gate } = makeGateRig({ audience: 'a:1' }, { noStoreHeaders });
    const result = await gate.authorize({ headers: {} });
    assert.equal(result.type, 'refuse');
    if (result.type !== 'refuse') return;
    const { status, headers } = await gate.refuse(result.error, { headers: {} }, new Request(ORIGIN));
    assert.equal(status, 500);
    assert.equal(headers.get('cloudflare-cdn-cache-control'), 'no-store');
  });
});

describe('whether the same request would pass for nobody is told to the adapter:', () => {
  const rules: GateOptions['rules'] = [
    { path: '/open', access: 'public' },
    { prefix: '/', access: 'authenticated' },
  ];
  const cases: [path: string, options: GateOptions<Request>, sender: keyof typeof SENDERS, isForAnybody: boolean][] = [
    ['/open', { rules }, 'alice', true],
    ['/open', { rules }, 'nobody', true],
    ['/open', { rules }, 'expired', true],
    ['/x', { rules }, 'alice', false],
    ['/x', {}, 'alice', false],
    ['/x', { optional: true }, 'alice', true],
    ['/x', { optional: true }, 'anonymous', true],
  ];
  for (const [path, options, sender, isForAnybody] of cases) {
    test(`${path} with ${JSON.stringify(options)} for ${sender}: ${isForAnybody}`, async () => {
      const result = await makeGateRig(options).gate.authorize({ url: path, headers: SENDERS[sender] });
      assert.deepInclude(result, { type: 'allow', isForAnybody });
    });
  }
});
