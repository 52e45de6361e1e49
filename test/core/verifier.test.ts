import { assert, describe, test } from 'vitest';
import {
  compilePolicy,
  compileRoutes,
  createVerifier,
  type KeySource,
  PomeriumError,
  type PomeriumEvent,
  staticKeys,
  type VerifyContext,
} from '../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { codeOf, errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key);
const ASSERTION = 'x-pomerium-jwt-assertion';
const everybody = compilePolicy({ allow: { or: [{ accept: true }] } });
const nobody = compilePolicy({});

describe('of several audiences, a Host header that names no host is refused', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `h${i}.example`).join();
  const rows: [host: string, code: string][] = [
    ['internal', 'valid'],
    ['internal.', 'valid'],
    ['a_b-c.1', 'valid'],
    ['internal:', 'valid'],
    ['internal:8443', 'valid'],
    ['internal.:8443', 'valid'],
    ['[::1]', 'valid'],
    ['[::FFFF:127.0.0.1]:80', 'valid'],
    ['', 'valid'],
    ['one.example, two.example', 'valid'],
    ['one.example,,two.example', 'valid'],
    [names(8), 'valid'],
    [names(9), 'audience_mismatch'],
    [names(20), 'audience_mismatch'],
    ['internal..', 'audience_mismatch'],
    ['internal..:80', 'audience_mismatch'],
    ['a..b', 'valid'],
    [':80', 'audience_mismatch'],
    ['internal:port', 'audience_mismatch'],
    ['internal:80:80', 'audience_mismatch'],
    ['user@internal', 'audience_mismatch'],
    ['internal/x', 'audience_mismatch'],
    ['x internal', 'audience_mismatch'],
    ['::1', 'audience_mismatch'],
    ['[::1', 'audience_mismatch'],
    ['[::g]', 'audience_mismatch'],
    ['[]', 'audience_mismatch'],
    ['x[::1]', 'audience_mismatch'],
    ['[::1]x', 'audience_mismatch'],
    ['one.example, x y', 'audience_mismatch'],
  ];
  const options = { audience: ['a.example.com', 'b.example.com'] };
  const assertion = sign(key, { aud: 'a.example.com', iss: 'a.example.com' });
  for (const [host, code] of rows) {
    test(`${host || 'none'} → ${code}`, async () => {
      const { verifier } = makeRig(key, options);
      const headers = { [ASSERTION]: await assertion, host };
      assert.equal(await codeOf(() => verifier.verifyRequest({ headers })), code);
    });
  }

  test('and the operator is told', async () => {
    const headers = { [ASSERTION]: await assertion, host: 'x y' };
    const error = await errorOf(() => makeRig(key, options).verifier.verifyRequest({ headers }));
    assert.equal(error?.message, 'The Host of the request is none, so that nobody knows for which host it is.');
    assert.equal(error?.expected, 'a host name, with or without a port');
  });
});

describe('the context of one verification', () => {
  const request = { method: 'GET', url: `https://${HOST}/x`, headers: { [ASSERTION]: token } };

  test('has a policy, which each way to verify asks', async () => {
    const { verifier } = makeRig(key);
    for (const [policy, code] of [
      [everybody, 'valid'],
      [nobody, 'policy_denied'],
    ] as const) {
      assert.equal(await codeOf(() => verifier.verify(token, { policy })), code);
      assert.equal(await codeOf(() => verifier.verifyRequest(request, { policy })), code);
    }
  });

  test('is asked after the verifier’s own policy, which still counts', async () => {
    const { verifier } = makeRig(key, { policy: nobody });
    assert.equal(await codeOf(() => verifier.verify(token, { policy: everybody })), 'policy_denied');
  });

  test('has what a policy is told of the request, before the request itself', async () => {
    const policy = compilePolicy({ allow: { and: [{ http_method: 'POST' }] } });
    const { verifier } = makeRig(key, { policy });
    assert.equal(await codeOf(() => verifier.verifyRequest(request)), 'policy_denied');
    assert.equal(await codeOf(() => verifier.verifyRequest(request, { requestInfo: { method: 'POST' } })), 'valid');
  });

  test('has what the events say, and without it they say nothing of request and user', async () => {
    const eventRequest = { method: 'GET', path: '/x' };
    const told: VerifyContext = { eventRequest, logSubject: true };
    const eventOf = async (policy: typeof nobody, context?: VerifyContext) => {
      const { verifier, events } = makeRig(key, { policy });
      await codeOf(() => verifier.verify(token, context));
      assert.lengthOf(events, 1);
      return events[0];
    };
    const verified = {
      type: 'assertion_verified',
      subject: 'assertion',
      keyId: key.kid,
      algorithm: 'ES256',
      cached: false,
    };
    assert.deepEqual(await eventOf(everybody), verified as PomeriumEvent);
    const more = { request: eventRequest, user: 'u-alice' };
    assert.deepEqual(await eventOf(everybody, told), { ...verified, ...more } as PomeriumEvent);
    const refused = await eventOf(nobody);
    assert.doesNotHaveAnyKeys(refused, ['request', 'user']);
    assert.deepEqual(await eventOf(nobody, told), { ...refused, ...more } as PomeriumEvent);
  });

  test('says for whom an assertion is only where a policy refused it', async () => {
    const { verifier, events } = makeRig(key);
    await codeOf(async () => verifier.verify(await sign(key, { exp: 1 }), { logSubject: true }));
    assert.deepInclude(events[0], { type: 'assertion_refused', code: 'expired' });
    assert.doesNotHaveAnyKeys(events[0], ['user']);
  });

  test('reaches the key source: its clock, its waitUntil and its events', async () => {
    const given: Promise<unknown>[] = [];
    const pending = Promise.resolve();
    const inner = staticKeys(jwks(key));
    const keys: KeySource = {
      find(header, context) {
        assert.equal(context.now(), NOW);
        context.waitUntil(pending);
        return inner.find(header, context);
      },
      ready: (context) => inner.ready(context),
    };
    const { verifier } = makeRig(keys);
    const waitUntil = (promise: Promise<unknown>) => void given.push(promise);
    await verifier.verify(token, { waitUntil });
    await verifier.verifyRequest(request, { waitUntil });
    assert.deepEqual(given, [pending, pending]);
    await verifier.verify(token);
    await verifier.verifyRequest(request);
  });
});

describe('an assertion on behalf of a user', () => {
  const headers = { [ASSERTION]: token, [`${ASSERTION}-for`]: token };
  const onBehalfOf = (callers: typeof nobody) => ({ audience: HOST, keys: staticKeys(jwks(key)), callers });

  test('gives an identity that is frozen and has both', async () => {
    const { verifier } = makeRig(key, { onBehalfOf: onBehalfOf(everybody) });
    const identity = await verifier.verifyRequest({ headers });
    assert.isTrue(Object.isFrozen(identity));
    assert.equal(identity.onBehalfOf?.subject, 'u-alice');
    assert.isUndefined((await verifier.verifyRequest({ headers: { [ASSERTION]: token } })).onBehalfOf);
    assert.isUndefined((await makeRig(key).verifier.verifyRequest({ headers })).onBehalfOf);
  });

  test('is refused from a caller that may not, with an event that says whose assertion it was about', async () => {
    const { verifier, events } = makeRig(key, { onBehalfOf: onBehalfOf(nobody) });
    const error = await errorOf(() => verifier.verifyRequest({ headers }, { logSubject: true }));
    assert.equal(error?.code, 'policy_denied');
    assert.deepInclude(events.at(-1), {
      type: 'assertion_refused',
      subject: 'on-behalf-of',
      code: 'policy_denied',
      user: 'u-alice',
    });
  });

  test('carries the context of the caller’s: events say the request and the user', async () => {
    const { verifier, events } = makeRig(key, { onBehalfOf: onBehalfOf(everybody) });
    const eventRequest = { method: 'GET', path: '/x' };
    await verifier.verifyRequest({ headers }, { eventRequest, logSubject: true });
    for (const [index, subject] of (['assertion', 'on-behalf-of'] as const).entries()) {
      assert.deepInclude(events[index], { subject, user: 'u-alice' });
      assert.deepEqual((events[index] as { request?: unknown }).request, eventRequest);
    }
  });

  test('has keys of its own, for which ready waits, too', async () => {
    const failing: KeySource = {
      find: () => Promise.reject(new PomeriumError('keys_unavailable', 'x')),
      ready: () => Promise.reject(new PomeriumError('keys_unavailable', 'x')),
    };
    const own = makeRig(key, { onBehalfOf: { ...onBehalfOf(everybody), keys: failing } });
    assert.equal(await codeOf(() => own.verifier.ready()), 'keys_unavailable');
    assert.equal(await codeOf(() => makeRig(failing).verifier.ready()), 'keys_unavailable');
    assert.equal(await codeOf(() => makeRig(key).verifier.ready()), 'valid');
  });
});

describe('with routes', () => {
  const from = `https://${HOST}`;
  const verifierOf = (...more: object[]) => {
    const events: PomeriumEvent[] = [];
    const routes = compileRoutes({ routes: more.map((one) => ({ from, to: 'http://b', ...one })) });
    const onEvent = (event: PomeriumEvent) => void events.push(event);
    return { verifier: createVerifier({ routes, keys: staticKeys(jwks(key)), now: () => NOW, onEvent }), events };
  };
  const requestFor = async (claims: Record<string, unknown> = {}, path = '/x') => ({
    method: 'GET',
    url: `${from}${path}`,
    headers: { [ASSERTION]: await sign(key, claims) },
  });

  test('these judge issuer and audience', async () => {
    const { verifier } = verifierOf({ allow_any_authenticated_user: true });
    const codeFor = (claims: object) => codeOf(async () => verifier.verifyRequest(await requestFor({ ...claims })));
    assert.equal(await codeFor({}), 'valid');
    assert.equal(await codeFor({ aud: 'other.example.com' }), 'audience_mismatch');
    assert.equal(await codeFor({ iss: 'other.example.com' }), 'issuer_mismatch');
    assert.equal(await codeFor({ sub: '' }), 'anonymous');
  });

  test('identity and event name the route, by its address where it has no name', async () => {
    const { verifier, events } = verifierOf(
      { path: '/named', name: 'app', allow_any_authenticated_user: true },
      { path: '/x', allow_any_authenticated_user: true },
    );
    for (const [path, name] of [
      ['/named', 'app'],
      ['/x', undefined],
    ] as const) {
      const identity = await verifier.verifyRequest(await requestFor({}, path));
      assert.isTrue(Object.isFrozen(identity));
      assert.equal(identity.subject, 'u-alice');
      assert.equal(identity.route?.from, from);
      assert.equal(identity.route?.name, name);
      assert.deepInclude(events.at(-1), { type: 'assertion_verified', route: name ?? from });
    }
  });

  test('without a request it is enough that no route of the host asks about it', async () => {
    const { verifier } = verifierOf({ allow_any_authenticated_user: true });
    assert.equal((await verifier.verify(token)).route?.from, from);
    assert.equal((await verifier.verify(token, { requestInfo: { method: 'GET' } })).route?.from, from);
  });
});

describe('what a key source may be', () => {
  const verifierWith = (verify: (signature: string, input: string) => unknown, algorithm = 'ES256') => {
    const found = { keyId: key.kid, algorithm, verify };
    return createVerifier({
      audience: HOST,
      keys: { find: () => found, ready: async () => {} } as never,
      now: () => NOW,
    });
  };

  test('its verdict counts only as true itself, at once or as a promise', async () => {
    for (const [verdict, code] of [
      [true, 'valid'],
      [Promise.resolve(true), 'valid'],
      [false, 'invalid_signature'],
      [Promise.resolve(false), 'invalid_signature'],
      [undefined, 'invalid_signature'],
      ['true', 'invalid_signature'],
      [1, 'invalid_signature'],
      [Promise.resolve({}), 'invalid_signature'],
    ] as const) {
      assert.equal(await codeOf(() => verifierWith(() => verdict).verify(token)), code);
    }
  });

  test('it is given the signature and what was signed, as they came', async () => {
    const given: string[] = [];
    await verifierWith((...all) => given.push(...all) > 0).verify(token);
    const at = token.lastIndexOf('.');
    assert.deepEqual(given, [token.slice(at + 1), token.slice(0, at)]);
  });

  test('what it throws beside a PomeriumError goes on as it is, without an event', async () => {
    const failure = new TypeError('a bug');
    const { verifier, events } = makeRig({ find: () => Promise.reject(failure), ready: async () => {} });
    const caught: unknown = await verifier.verify(token).catch((error: unknown) => error);
    assert.equal(caught, failure);
    assert.deepEqual(events, []);
    assert.isFalse(Object.hasOwn(failure, 'subject'));
  });

  test('a refusal says whose assertion it was', async () => {
    assert.equal((await errorOf(() => makeRig(key).verifier.verify('')))?.subject, 'assertion');
  });
});
