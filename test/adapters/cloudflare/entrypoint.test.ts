import { assert, describe, test } from 'vitest';
import {
  type AuthOptions,
  type AuthService,
  type CloudflareEnvironment,
  createAuth,
  PomeriumAuth,
  verifyThrough,
} from '../../../adapters/cloudflare/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';

const base = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: jwks(key) };
const ctx = { waitUntil: () => {} };
const request = (headers: Record<string, string>) => ({ method: 'GET', url: `https://${HOST}/x`, headers });
const alice = SENDERS.alice['x-pomerium-jwt-assertion'];

/** What a call over the binding answers, in short, and what was logged. */
async function ask(headers: Record<string, string>, env: object = {}, options: AuthOptions = {}) {
  const auth = new (createAuth<object>({ now: () => NOW, ...options }))(ctx, { ...base, ...env });
  const { result, lines } = await withConsoleLines(() => auth.verifyRequest(request(headers)));
  return { answer: result.identity?.subject ?? result.refusal?.code, lines };
}

describe('PomeriumAuth, for service bindings', () => {
  test('answers with the identity, or with code and status', async () => {
    const auth = new (createAuth<object>({ now: () => NOW }))(ctx, base);
    const { result } = await withConsoleLines(() => auth.verify(null));
    assert.deepEqual(result, { refusal: { code: 'missing_assertion', status: 401 } });
    assert.equal((await auth.verify(alice)).identity?.email, 'alice@example.com');
    assert.equal((await auth.verifyRequest(request(SENDERS.alice))).identity?.subject, 'u-alice');
  });

  test('a configuration that cannot work is a refusal, too', async () => {
    const broken = new PomeriumAuth(ctx, {});
    const { result, lines } = await withConsoleLines(() => broken.verify(''));
    assert.deepEqual(result, { refusal: { code: 'invalid_configuration', status: 500 } });
    assert.match(String(lines[0]?.line), /POMERIUM_AUDIENCE is not set/);
  });

  const ADMINS = { allow: { or: [{ groups: 'admins' }] } };
  const cases: [name: string, env: CloudflareEnvironment, headers: Record<string, string>, answer: string][] = [
    [
      'is not opened by the rules of the guard',
      { POMERIUM_RULES: [{ prefix: '/', access: 'public' }] },
      {},
      'missing_assertion',
    ],
    ['is not closed by them either', { POMERIUM_RULES: [] }, SENDERS.alice, 'u-alice'],
    [
      'is not opened by what else is the guard’s',
      { POMERIUM_OPTIONAL: true, POMERIUM_ALLOW_PREFLIGHT: true },
      {},
      'missing_assertion',
    ],
    ['lets no one anonymous in where the guard does', { POMERIUM_OPTIONAL: true }, SENDERS.anonymous, 'anonymous'],
    ['holds to the policy', { POMERIUM_POLICY: ADMINS }, SENDERS.alice, 'policy_denied'],
    ['holds to the policy', { POMERIUM_POLICY: ADMINS }, SENDERS.admin, 'u-admin'],
    ['refuses two assertions', {}, SENDERS.twice, 'duplicate_assertion'],
  ];
  for (const [name, env, headers, answer] of cases) {
    test(`${name}: ${answer}`, async () => assert.equal((await ask(headers, env)).answer, answer));
  }

  const broken: [env: object, options: object, sentence: RegExp][] = [
    [{ POMERIUM_POLICYY: '{}' }, {}, /There is no variable POMERIUM_POLICYY/],
    [{ POMERIUM_ALLOW_BEARER: 'true' }, {}, /POMERIUM_ALLOW_BEARER is set and cannot be honoured here/],
    [{}, { rules: [] }, /There is no option "rules"; there are audience/],
    [{}, { allowAnonymous: true }, /There is no option "allowAnonymous"; there are audience/],
  ];
  for (const [env, options, sentence] of broken) {
    test(`refuses ${JSON.stringify({ ...env, ...options })} and says why in the log`, async () => {
      const { answer, lines } = await ask(SENDERS.alice, env, options);
      assert.equal(answer, 'invalid_configuration');
      assert.match(JSON.parse(String(lines[0]?.line)).message, sentence);
    });
  }

  test('hands waitUntil on, so that other isolates find the keys', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
    const pending: Promise<unknown>[] = [];
    const context = {
      count: 0,
      // Called on its own object: workerd refuses it taken off.
      waitUntil(promise: Promise<unknown>) {
        this.count += 1;
        pending.push(promise);
      },
    };
    for (let isolate = 0; isolate < 3; isolate++) {
      const auth = new (createAuth({ now: () => NOW }))(context, { ...env });
      assert.equal((await auth.verify(alice)).identity?.subject, 'u-alice');
      await Promise.all(pending);
    }
    assert.equal(await origin.count(), 1);
    assert.isAbove(context.count, 0);
  });

  test('a binding that is no such entrypoint is told in a sentence', async () => {
    const binding: object = { fetch: async () => new Response() };
    const error = await verifyThrough(binding as AuthService, request({})).catch((thrown) => thrown);
    assert.match(error.message, /bind the entrypoint PomeriumAuth/);
  });

  test('a mistake in a key source is thrown and logged', async () => {
    const keys = { find: () => JSON.parse('no JSON'), ready: async () => {} };
    const auth = new (createAuth<object>({ now: () => NOW, keys }))(ctx, base);
    const { result, lines } = await withConsoleLines(() => auth.verify(alice).catch((error) => error));
    assert.instanceOf(result, SyntaxError);
    assert.lengthOf(lines, 1);
  });
});
