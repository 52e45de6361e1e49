import { assert, describe, test } from 'vitest';
import { logLine } from '../../core/adapter.ts';
import {
  compilePolicy,
  createVerifier,
  PomeriumError,
  type PomeriumEvent,
  remoteKeys,
  staticKeys,
} from '../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { codeOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();

describe('events', () => {
  test('tell what happened, in order', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url));
    await rig.verify(await sign(key));
    await rig.codeOf(await sign(key, { exp: 1 }));
    assert.deepEqual(rig.events.slice(0, 2), [
      {
        type: 'keys_refreshed',
        url: origin.url,
        from: 'origin',
        notModified: false,
        keyIds: [key.kid],
        fetchedAt: NOW,
      },
      { type: 'assertion_verified', subject: 'assertion', keyId: key.kid, algorithm: 'ES256', cached: false },
    ]);
    assert.deepInclude(rig.events[2], {
      type: 'assertion_refused',
      code: 'expired',
      status: 401,
      expected: `exp after ${NOW - 60}`,
      received: '1',
    });
  });

  test('a refusal before anything was asked is an event, too', async () => {
    const rig = makeRig(key);
    await rig.codeOf('');
    assert.deepInclude(rig.events[0], { type: 'assertion_refused', code: 'missing_assertion' });
  });

  test('hold no token, no key and no claim of an identity', async () => {
    const origin = await Origin.start(jwksAnswer({ keys: [key.publicJwk, key.privateJwk] }));
    const rig = makeRig(remoteKeys(origin.url));
    const tokens = [
      await sign(key, { email: 'secret@example.com', sub: 'secret-user' }),
      await sign(key, { email: 'secret@example.com', exp: 1 }),
      await sign(key, { groups: 'secret-group' }),
      `${await sign(key)}x`,
    ];
    for (const token of tokens) await rig.codeOf(token);
    const log = JSON.stringify(rig.events);
    assert.notInclude(log, 'secret');
    for (const part of tokens.flatMap((token) => token.split('.'))) assert.notInclude(log, part);
    for (const member of ['x', 'y', 'd']) assert.notInclude(log, String(key.privateJwk[member]));
  });

  test('a listener that throws decides nothing', async () => {
    const onEvent = () => {
      throw new Error('a broken logger');
    };
    const verifier = createVerifier({ audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, onEvent });
    assert.equal(await codeOf(async () => verifier.verify(await sign(key))), 'valid');
    assert.equal(await codeOf(async () => verifier.verify(await sign(key, { exp: 1 }))), 'expired');
  });

  const failing: [string, () => unknown][] = [
    ['rejects', async () => Promise.reject(new Error('the metrics host is down'))],
    ['rejects later', () => Promise.resolve().then(() => Promise.reject(new Error('late')))],
    ['gives a thenable that rejects', () => thenable((_, reject) => reject(new Error('x')))],
    ['gives a thenable that throws', () => thenable(() => assert.fail('x'))],
    ['gives a promise that is a function, as Workers RPC makes it, and rejects', callableThenable],
    [
      'gives an object whose then cannot be read',
      () => Object.defineProperty({}, 'then', { get: () => assert.fail() }),
    ],
  ];
  for (const [name, onEvent] of failing) {
    test(`a listener that ${name} decides nothing, and nothing that waitUntil gets rejects`, async () => {
      const rig = makeRig(key, { onEvent });
      assert.equal(await rig.codeOf(await sign(key)), 'valid');
      assert.equal(await rig.codeOf(await sign(key, { exp: 1 })), 'expired');
      await rig.settle();
    });
  }

  for (const [name, result] of [
    ['nothing', undefined],
    ['null', null],
    ['a number', 1],
    ['an object', {}],
    ['an object with a then that is no function', Object.defineProperty({}, 'then', { value: 1 })],
  ] as const) {
    test(`a listener that gives ${name} has nothing for waitUntil to keep alive`, async () => {
      const rig = makeRig(key, { onEvent: () => result });
      await rig.verify(await sign(key));
      assert.lengthOf(rig.pending, 0);
    });
  }

  test('an asynchronous listener is kept alive by waitUntil until it has finished', async () => {
    const finished: string[] = [];
    const { promise: signal, resolve: release } = deferred();
    const onEvent = async ({ type }: PomeriumEvent) => {
      await signal;
      finished.push(type);
    };
    const rig = makeRig(key, { onEvent });
    await rig.verify(await sign(key));
    assert.lengthOf(rig.pending, 1);
    assert.deepEqual(finished, []);
    release();
    await rig.settle();
    assert.deepEqual(finished, ['assertion_verified']);
  });

  test('a log line has what came for issuer and audience, and for nothing else', async () => {
    const rig = makeRig(key);
    for (const claims of [{ aud: 'wiki.example.com' }, { iss: 'evil.example.com' }, { exp: 17 }]) {
      await rig.codeOf(await sign(key, claims));
    }
    const lines = rig.events.map((event) => JSON.parse(logLine(event) ?? '{}'));
    assert.deepEqual(
      lines.map(({ code, received }) => [code, received]),
      [
        ['audience_mismatch', '"wiki.example.com"'],
        ['issuer_mismatch', '"evil.example.com"'],
        ['expired', undefined],
      ],
    );
  });

  test('a waitUntil that throws, as one that was taken off its context does, costs nobody an answer', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    let now = NOW;
    const verifier = createVerifier({ audience: HOST, keys: remoteKeys(origin.url), now: () => now });
    const context = {
      waitUntil: () => {
        throw new TypeError('Illegal invocation');
      },
    };
    const token = await sign(key, { exp: 9e9 });
    for (const seconds of [0, 61]) {
      now += seconds;
      assert.equal((await verifier.verify(token, context)).issuer, HOST);
    }
  });

  test('waitUntil is called on its own object, as workerd insists', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    let now = NOW;
    const verifier = createVerifier({ audience: HOST, keys: remoteKeys(origin.url), now: () => now });
    const context = {
      pending: [] as Promise<unknown>[],
      waitUntil(this: { pending: Promise<unknown>[] }, promise: Promise<unknown>) {
        this.pending.push(promise);
      },
    };
    const token = await sign(key, { exp: 9e9 });
    await verifier.verify(token, context);
    context.pending.length = 0;
    now += 61;
    await verifier.verify(token, context);
    assert.lengthOf(context.pending, 1);
    await Promise.all(context.pending);
  });
});

function thenable(then: (resolve: () => void, reject: (error: Error) => void) => void): object {
  return Object.defineProperty({}, 'then', { value: then });
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** What a method call over Workers RPC returns: a function with a `then`. */
function callableThenable(): object {
  return Object.defineProperty(() => {}, 'then', {
    value: (_: unknown, reject: (error: Error) => void) => reject(new Error('x')),
  });
}

test('an error that a key source throws frozen stays the refusal that it is', async () => {
  const error = Object.freeze(new PomeriumError('keys_unavailable', 'Nothing answers.'));
  const rig = makeRig({ find: () => Promise.reject(error), ready: () => Promise.reject(error) });
  assert.equal(await rig.codeOf(await sign(key)), 'keys_unavailable');
});

test('one error that a key source throws for both subjects stays the refusal that it is', async () => {
  const error = new PomeriumError('keys_unavailable', 'Nothing answers.');
  const keys = { find: () => Promise.reject(error), ready: () => Promise.reject(error) };
  const callers = compilePolicy({ allow: { or: [{ accept: true }] } });
  const rig = makeRig(key, { onBehalfOf: { audience: HOST, keys, callers } });
  const headers = { 'x-pomerium-jwt-assertion': await sign(key), 'x-pomerium-jwt-assertion-for': await sign(key) };
  assert.equal(await codeOf(() => rig.verifier.verifyRequest({ headers })), 'keys_unavailable');
  assert.equal(await codeOf(() => makeRig(keys).verifier.verifyRequest({ headers })), 'keys_unavailable');
});
