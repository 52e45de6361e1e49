import { afterEach, assert, describe, test, vi } from 'vitest';
import {
  createIdentityFunctions,
  type IdentityFunctions,
  type RequireIdentityOptions,
} from '../../../adapters/next/index.ts';
import { compilePolicy } from '../../../core/index.ts';
import { HOST, sign } from '../../support/issuer.ts';
import { Origin } from '../../support/origin.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';
import { assertMisconfigured, codeOf, errorOf } from '../../support/verifying.ts';
import { ASSERTION, anonymous, expired, key, logOf, loud, options, token } from '../vercel/support.ts';

const request = { headers: new Headers() };
vi.mock('next/headers.js', () => ({ headers: async () => request.headers }));
afterEach(() => {
  request.headers = new Headers();
});

const mine = (assertion: string) => {
  request.headers = new Headers({ [ASSERTION]: assertion });
};

describe('getIdentity()', () => {
  const { getIdentity } = createIdentityFunctions(options);
  const ask = (headers: Record<string, string | string[] | undefined>) => getIdentity({ headers });

  test('is the identity, from Node’s headers and from those of Next.js', async () => {
    mine(token);
    assert.equal((await ask({ [ASSERTION]: token }))?.email, 'alice@example.com');
    assert.equal((await getIdentity())?.email, 'alice@example.com');
  });

  const nobody: [name: string, headers: Record<string, string | string[]>][] = [
    ['no assertion', {}],
    ['an expired one', { [ASSERTION]: expired }],
    ['two of them', { [ASSERTION]: [token, token] }],
    ['nobody signed in', { [ASSERTION]: anonymous }],
    ['claim headers alone', { 'x-pomerium-claim-email': 'root@evil.test' }],
  ];
  for (const [name, headers] of nobody) {
    test(`is undefined for ${name}`, async () => assert.isUndefined(await ask(headers)));
  }

  test('logs what does not hold, and nothing for nobody, unless log is false', async () => {
    const codes = async (more: object, headers: Record<string, string>) => {
      const { lines } = await logOf(() => createIdentityFunctions({ ...loud, ...more }).getIdentity({ headers }));
      return lines.map((line) => JSON.parse(String(line)).code);
    };
    assert.deepEqual(await codes({}, { [ASSERTION]: expired }), ['expired']);
    assert.deepEqual(await codes({ log: false }, { [ASSERTION]: expired }), []);
    assert.deepEqual(await codes({}, {}), []);
    assert.deepEqual(await codes({}, { [ASSERTION]: anonymous }), []);
  });

  test('rejects when nobody can tell: without keys, and without a configuration', async () => {
    const origin = await Origin.start({ status: 500 });
    const down = createIdentityFunctions({ audience: HOST, log: false });
    const headers = { [ASSERTION]: token };
    const code = await withProcessEnvironment({ POMERIUM_JWKS_URL: origin.url }, () =>
      codeOf(() => down.getIdentity({ headers })),
    );
    assert.equal(code, 'keys_unavailable');
    for (const sent of [headers, {}]) {
      const { result, lines } = await logOf(() =>
        errorOf(() => createIdentityFunctions().getIdentity({ headers: sent })),
      );
      assert.equal(result?.code, 'invalid_configuration');
      assert.match(String(lines), /POMERIUM_AUDIENCE is not set/);
    }
  });
});

describe('requireIdentity()', () => {
  const { requireIdentity } = createIdentityFunctions(options);
  const admins = { allow: { or: [{ groups: 'admins' }] } };

  test('is the identity', async () => {
    mine(token);
    assert.equal((await requireIdentity()).subject, 'u-alice');
    assert.equal((await requireIdentity({ policy: { allow: { or: [{ groups: 'g1' }] } } })).subject, 'u-alice');
  });

  const refused: [name: string, assertion: string | undefined, policy: object | undefined, code: string][] = [
    ['nobody', undefined, undefined, 'missing_assertion'],
    ['nobody who is signed in', anonymous, undefined, 'anonymous'],
    ['an assertion that does not hold', expired, undefined, 'expired'],
    ['nobody, by a policy', undefined, admins, 'missing_assertion'],
    ['whom the policy does not allow', token, admins, 'policy_denied'],
    ['whom the compiled policy does not allow', token, compilePolicy(admins), 'policy_denied'],
  ];
  for (const [name, assertion, policy, code] of refused) {
    test(`rejects for ${name}, and logs it`, async () => {
      if (assertion) mine(assertion);
      const given: RequireIdentityOptions = policy ? { policy } : {};
      const { result, lines } = await logOf(() => codeOf(() => createIdentityFunctions(loud).requireIdentity(given)));
      assert.equal(result, code);
      assert.deepEqual(
        lines.map((line) => JSON.parse(String(line)).code),
        [code],
      );
    });
  }

  test('of a request that is given asks that alone, and always rejects with the PomeriumError', async () => {
    const ask = (headers: Record<string, string>, given = {}) => codeOf(() => requireIdentity({ headers }, given));
    assert.equal((await requireIdentity({ headers: { [ASSERTION]: token } })).subject, 'u-alice');
    mine(token);
    assert.equal(await ask({}), 'missing_assertion');
    assert.equal(await ask({ [ASSERTION]: expired }), 'expired');
    assert.equal(await ask({ [ASSERTION]: anonymous }), 'anonymous');
    assert.equal(await ask({ [ASSERTION]: token }, { policy: admins }), 'policy_denied');
    assert.equal(await ask({ [ASSERTION]: token }, { policy: { allow: { or: [{ groups: 'g1' }] } } }), 'valid');
    assert.equal(await ask({ [ASSERTION]: token }, { groups: 'admins' }), 'invalid_configuration');
  });

  test('says in the log what is known of the request: method and path of one that is given', async () => {
    const unknown = { headers: {} };
    const pages = { headers: { 'x-vercel-id': 'r-1' }, method: 'POST', url: '/api/a%20b?token=secret' };
    const unreadable = { ...pages, url: '/a%2fb' };
    const parsed = { ...pages, url: new URL(`https://${HOST}/`) };
    const fetched = new Request('https://app.vercel.app/x?y=1', { method: 'PUT' });
    const cases: [ask: (functions: IdentityFunctions) => Promise<unknown>, expected: object][] = [
      [({ requireIdentity }) => requireIdentity(), {}],
      [({ requireIdentity }) => requireIdentity({ policy: admins }), {}],
      [({ requireIdentity }) => requireIdentity(unknown), {}],
      [({ requireIdentity }) => requireIdentity(pages), { method: 'POST', path: '/api/a b', id: 'r-1' }],
      [({ requireIdentity }) => requireIdentity(fetched), { method: 'PUT', path: '/x' }],
      [({ requireIdentity }) => requireIdentity(unreadable), { method: 'POST', path: null, id: 'r-1' }],
      [({ requireIdentity }) => requireIdentity(parsed), { method: 'POST', id: 'r-1' }],
    ];
    for (const [ask, expected] of cases) {
      const { lines } = await logOf(() => codeOf(() => ask(createIdentityFunctions(loud))));
      assert.deepEqual(
        lines.map((line) => JSON.parse(String(line)).request),
        [expected],
      );
    }
  });

  test('of a request that is given takes no host from its URL', async () => {
    const several = createIdentityFunctions({ ...options, audience: [HOST, 'b.corp.example.com'] });
    const given = new Request('https://b.corp.example.com/', { headers: { [ASSERTION]: token } });
    assert.equal((await several.requireIdentity(given)).subject, 'u-alice');
  });

  const excluded = { allow: { or: [{ accept: true }] }, deny: { or: [{ 'claim/roles': 'contractor' }] } };

  test('takes the claims of listClaims and POMERIUM_LIST_CLAIMS as lists in policies as PPL', async () => {
    mine(await sign(key, { roles: 'staff,contractor' }));
    const ask = (more = {}) =>
      codeOf(() => createIdentityFunctions({ ...options, ...more }).requireIdentity({ policy: excluded }));
    assert.equal(await ask(), 'invalid_configuration');
    assert.equal(await ask({ listClaims: [] }), 'valid');
    assert.equal(await ask({ listClaims: ['roles'] }), 'policy_denied');
    assert.equal(await withProcessEnvironment({ POMERIUM_LIST_CLAIMS: 'roles' }, ask), 'policy_denied');
  });

  test('leaves criteria of policies as PPL to Pomerium by leaveToPomerium and POMERIUM_LEAVE_TO_POMERIUM', async () => {
    mine(token);
    const policy = { allow: { and: [{ accept: true }, { source_ip: '10.0.0.0/8' }] } };
    const ask = (more = {}) =>
      codeOf(() => createIdentityFunctions({ ...options, ...more }).requireIdentity({ policy }));
    assert.equal(await ask(), 'invalid_configuration');
    assert.equal(await ask({ leaveToPomerium: ['source_ip'] }), 'valid');
    assert.equal(await withProcessEnvironment({ POMERIUM_LEAVE_TO_POMERIUM: 'source_ip' }, ask), 'valid');
  });

  test('refuses a policy that asks about the request, or that is none', async () => {
    mine(token);
    for (const policy of [{ allow: { or: [{ http_path: '/' }] } }, { alow: {} }])
      assert.equal(await codeOf(() => requireIdentity({ policy })), 'invalid_configuration');
  });

  // Method and path of one that is given are for the log: Next.js may have rewritten it.
  test.each(['http_path', 'http_method'])('refuses a policy with %s for a request that has it', async (criterion) => {
    const given = new Request(`https://${HOST}/`, { headers: { [ASSERTION]: token } });
    const policy = { allow: { or: [{ [criterion]: criterion === 'http_path' ? '/' : 'GET' }] } };
    assert.equal((await requireIdentity(given, { policy: { allow: { or: [{ accept: true }] } } })).subject, 'u-alice');
    assert.equal(await codeOf(() => requireIdentity(given, { policy })), 'invalid_configuration');
    const own = { ...options, policy: compilePolicy(policy) };
    assertMisconfigured(() => createIdentityFunctions(own), /^The policy asks about the request/);
    const { requireIdentity: byEnvironment } = createIdentityFunctions(options);
    const variables = { POMERIUM_POLICY: JSON.stringify(policy) };
    assert.equal(
      await withProcessEnvironment(variables, () => codeOf(() => byEnvironment(given))),
      'invalid_configuration',
    );
  });

  test('lets nobody in by a policy that was looked up and is not there', async () => {
    mine(token);
    const request = { headers: { [ASSERTION]: token } };
    for (const policy of [undefined, null, false, '', 0]) {
      const given: object = { policy };
      assert.equal(await codeOf(() => requireIdentity(given)), 'invalid_configuration', `${policy}`);
      assert.equal(await codeOf(() => requireIdentity(request, given)), 'invalid_configuration', `${policy}`);
    }
  });

  test('asks the policy where the request before it is undefined', async () => {
    mine(token);
    const request = undefined as unknown as Request;
    assert.equal(await codeOf(() => requireIdentity(request, { policy: admins })), 'policy_denied');
  });
});

describe('the configuration of both', () => {
  test('may stand beside that of the proxy in one environment', async () => {
    const ofTheProxy = {
      POMERIUM_RULES: '[]',
      POMERIUM_OPTIONAL: 'true',
      POMERIUM_ALLOW_PREFLIGHT: 'true',
      POMERIUM_CORS_ORIGINS: '*',
      POMERIUM_CLAIM_HEADERS: 'department',
      POMERIUM_REMOVE_HEADERS: 'x-email',
      POMERIUM_KEEP_ASSERTION: 'false',
      POMERIUM_SHARED: 'true',
    };
    mine(token);
    const { requireIdentity } = createIdentityFunctions(options);
    assert.equal((await withProcessEnvironment(ofTheProxy, () => requireIdentity())).subject, 'u-alice');
    request.headers = new Headers();
    const functions = createIdentityFunctions(options);
    assert.equal(
      await withProcessEnvironment(ofTheProxy, () => codeOf(() => functions.requireIdentity())),
      'missing_assertion',
    );
  });

  test('is refused where a variable is misspelt', async () => {
    const { getIdentity } = createIdentityFunctions(options);
    const ask = () => codeOf(() => getIdentity({ headers: {} }));
    const { result } = await logOf(() => withProcessEnvironment({ POMERIUM_POLICYY: '{}' }, ask));
    assert.equal(result, 'invalid_configuration');
  });

  const wrong: [given: object, message: RegExp][] = [
    [{ audience: 'app.test:443' }, /audience/],
    [{ rules: [] }, /rules cannot be had here: .*createProxy\(\)/],
    [{ optional: true }, /optional cannot be had here: .*getIdentity\(\) is undefined for nobody/],
    [{ onRefused: () => undefined }, /onRefused cannot be had here/],
    [{ allowAnonymous: true }, /allowAnonymous cannot be had here: .*getIdentity\(\)/],
    [{ maxAge: 1 }, /there are audience, .*logSubject\.$/],
    [{ log: 'false' }, /log must be true or false/],
  ];
  for (const [given, message] of wrong) {
    test(`is refused at once: ${JSON.stringify(given)}`, () =>
      assertMisconfigured(() => createIdentityFunctions(given), message));
  }
});
