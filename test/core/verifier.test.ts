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
    const { verifier, events } = makeRig(key, options);
    const error = await errorOf(() => verifier.verifyRequest({ headers }));
    assert.deepInclude(events[0], { type: 'assertion_refused', code: 'audience_mismatch' });
    assert.equal(error?.message, 'The Host of the request is no host name.');
    assert.equal(error?.expected, 'a host name');
  });
});

test('beside a single audience, the Host header is not looked at', async () => {
  const headers = { [ASSERTION]: token, host: 'x y' };
  assert.equal(await codeOf(() => makeRig(key).verifier.verifyRequest({ headers })), 'valid');
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
    const error = await errorOf(() => makeRig(key).verifier.verify(token, { policy: {} as never }));
    assert.equal(error?.message, 'policy must be a compiled policy; write policy: compilePolicy({ allow: … }).');
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

describe('what a gate tells the verifier', () => {
  const expectNobody = { expectNobody: true } as VerifyContext;

  test('that nobody may be signed in: then that is no event, and everything else is', async () => {
    const { verifier, events } = makeRig(key);
    const forNobody = await sign(key, { sub: '' });
    assert.equal(await codeOf(() => verifier.verify(forNobody, expectNobody)), 'anonymous');
    assert.deepEqual(events, []);
    assert.equal(await codeOf(() => verifier.verify('', expectNobody)), 'missing_assertion');
    assert.equal(await codeOf(() => verifier.verify(forNobody)), 'anonymous');
    assert.deepEqual(
      events.map((event) => 'code' in event && event.code),
      ['missing_assertion', 'anonymous'],
    );
  });

  test('who wants to know whom a policy refused: of no other refusal it is told', async () => {
    const denied: unknown[] = [];
    const context = { onDenied: (identity: { subject: string }) => denied.push(identity.subject) } as VerifyContext;
    const needsRequest = compilePolicy({ allow: { and: [{ http_path: '/x' }] } });
    const { verifier } = makeRig(key);
    assert.equal(await codeOf(async () => verifier.verify(await sign(key, { exp: 1 }), context)), 'expired');
    assert.equal(await codeOf(() => verifier.verify(token, { ...context, policy: everybody })), 'valid');
    const unknown = { ...context, policy: needsRequest };
    assert.equal(await codeOf(() => verifier.verify(token, unknown)), 'invalid_configuration');
    assert.deepEqual(denied, []);
    assert.equal(await codeOf(() => verifier.verify(token, { ...context, policy: nobody })), 'policy_denied');
    assert.deepEqual(denied, ['u-alice']);
  });

  test('who wants to know which caller may not act for others', async () => {
    const denied: unknown[] = [];
    const context = { onDenied: (identity: { subject: string }) => denied.push(identity.subject) } as VerifyContext;
    const headers = { [ASSERTION]: token, [`${ASSERTION}-for`]: token };
    const ask = (check: () => void) => {
      const callers = { ...nobody, check };
      const rig = makeRig(key, { onBehalfOf: { audience: HOST, keys: staticKeys(jwks(key)), callers } });
      return { events: rig.events, answer: rig.verifier.verifyRequest({ headers }, context) };
    };
    const failure = new TypeError('a bug');
    const broken = ask(() => {
      throw failure;
    });
    assert.equal(await broken.answer.catch((error: unknown) => error), failure);
    assert.deepEqual(
      broken.events.map(({ type }) => type),
      ['assertion_verified'],
    );
    for (const [code, expected] of [
      ['invalid_configuration', []],
      ['policy_denied', ['u-alice']],
    ] as const) {
      const { answer, events } = ask(() => {
        throw new PomeriumError(code, 'x');
      });
      assert.equal(await codeOf(() => answer), code);
      assert.deepEqual(denied, [...expected]);
      assert.deepInclude(events.at(-1), { type: 'assertion_refused', subject: 'on-behalf-of', code });
    }
    const { onDenied, ...none } = context as { onDenied?: unknown };
    assert.isFunction(onDenied);
    const { verifier } = makeRig(key, { onBehalfOf: { audience: HOST, keys: staticKeys(jwks(key)), callers: nobody } });
    assert.equal(await codeOf(() => verifier.verifyRequest({ headers }, none)), 'policy_denied');
  });
});

describe('of several issuers, the key must be the own one of that which the assertion names', () => {
  const [A, B] = ['a.example.com', 'b.example.com'];
  const forB = sign(key, { iss: B, aud: [B] });
  const found = (more: object = {}) => ({ keyId: key.kid, algorithm: 'ES256', verify: () => true, ...more });
  const sourceOf = (find: () => unknown) => ({ find, ready: async () => {} }) as unknown as KeySource;
  const verifierOf = (ofB: () => unknown) => {
    const issuers = { [A]: sourceOf(() => found()), [B]: sourceOf(ofB) };
    return createVerifier({ audience: [A, B], issuers, now: () => NOW });
  };

  test('which verifies it, too, with the same algorithm', async () => {
    for (const [more, code] of [
      [{}, 'valid'],
      [{ verify: () => Promise.resolve(true) }, 'valid'],
      [{ verify: () => false }, 'issuer_mismatch'],
      [{ verify: () => Promise.resolve(false) }, 'issuer_mismatch'],
      [{ algorithm: 'RS256' }, 'issuer_mismatch'],
    ] as const) {
      assert.equal(await codeOf(async () => verifierOf(() => found(more)).verify(await forB)), code);
    }
  });

  test('the very same key is not asked again', async () => {
    let count = 0;
    const same = found({ verify: () => ++count > 0 });
    const source = sourceOf(() => same);
    const verifier = createVerifier({ audience: [A, B], issuers: { [A]: source, [B]: source }, now: () => NOW });
    await verifier.verify(await forB);
    assert.equal(count, 1);
  });

  test('a key that it does not know is refused, and why it cannot say so goes on as it is', async () => {
    const failing = (error: unknown) => verifierOf(() => Promise.reject(error));
    const refused = await errorOf(async () => failing(new PomeriumError('unknown_key', 'x')).verify(await forB));
    assert.equal(refused?.code, 'issuer_mismatch');
    assert.equal(refused?.message, 'The assertion is signed with a key that its issuer does not have.');
    assert.equal(refused?.expected, "a key of the assertion's issuer");
    assert.equal(refused?.received, JSON.stringify(key.kid));
    const unavailable = new PomeriumError('keys_unavailable', 'x');
    assert.equal(await codeOf(async () => failing(unavailable).verify(await forB)), 'keys_unavailable');
    for (const failure of [new TypeError('a bug'), Object.assign(new Error('x'), { code: 'unknown_key' })]) {
      const caught = await failing(failure)
        .verify(await forB)
        .catch((error: unknown) => error);
      assert.equal(caught, failure);
    }
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
    assert.equal(await codeFor({ aud: 'other.example.com', sub: '' }), 'audience_mismatch');
  });

  test('these judge issuer and audience before they judge who it is', async () => {
    const refusal = new PomeriumError('audience_mismatch', 'x');
    const compiled = compileRoutes({ routes: [{ from, to: 'http://b', allow_any_authenticated_user: true }] });
    const throwing = {
      ...compiled,
      requireIssued() {
        throw refusal;
      },
    };
    const verifier = createVerifier({ routes: throwing, keys: staticKeys(jwks(key)), now: () => NOW });
    assert.equal(await codeOf(() => verifier.verify(token)), 'audience_mismatch');
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

  test('one error that it throws for both subjects says each time whose assertion it was', async () => {
    const error = new PomeriumError('keys_unavailable', 'x');
    const failing = { find: () => Promise.reject(error), ready: async () => {} };
    const onBehalfOf = { audience: HOST, keys: failing, callers: everybody };
    const headers = { [ASSERTION]: token, [`${ASSERTION}-for`]: token };
    const first = await errorOf(() => makeRig(key, { onBehalfOf }).verifier.verifyRequest({ headers }));
    assert.equal(first?.subject, 'on-behalf-of');
    const second = await errorOf(() => makeRig(failing).verifier.verify(token));
    assert.equal(second, first);
    assert.equal(second?.subject, 'assertion');
  });

  test('a token that it verified is not verified again, and its header is not read again', async () => {
    let count = 0;
    const headers: unknown[] = [];
    const same = { keyId: key.kid, algorithm: 'ES256', verify: () => ++count > 0 };
    const find = (header: unknown) => {
      headers.push(header);
      return same;
    };
    const { verifier } = makeRig({ find, ready: async () => {} } as unknown as KeySource);
    for (const one of [token, token, await sign(key)]) await verifier.verify(one);
    assert.equal(count, 2);
    assert.equal(headers[0], headers[1]);
    assert.equal(headers[1], headers[2]);
  });

  test('a token that comes from memory drops no other out of it', async () => {
    const { verifier, events } = makeRig(key);
    const big = await sign(key, { groups: ['g'.repeat(45_000)] });
    await verifier.verify(token);
    for (let i = 0; i < 40; i++) await verifier.verify(big);
    await verifier.verify(token);
    assert.deepInclude(events.at(-1), { type: 'assertion_verified', cached: true });
  });

  test('a refusal says whose assertion it was', async () => {
    assert.equal((await errorOf(() => makeRig(key).verifier.verify('')))?.subject, 'assertion');
  });
});
