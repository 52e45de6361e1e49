import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, assert, beforeAll, describe, test, vi } from 'vitest';
import {
  createAuthorizer,
  createRefresher,
  ssmStore,
  tieredStore,
  tmpStore,
} from '../../../adapters/aws-lambda/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { http2 } from './events.ts';
import { withVariables } from './process.ts';
import { startSsm } from './ssm-server.ts';

const key = await makeKey();
const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
const token = await sign(key, { exp: 9e9 });
const event = (assertion = token) => http2({ 'x-pomerium-jwt-assertion': assertion });

const ssm = await startSsm();
const { parameters, calls } = ssm;
const client = new SSMClient({
  endpoint: ssm.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
});
afterAll(async () => {
  client.destroy();
  await ssm.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('tmpStore', () => {
  const store = tmpStore({ folder });

  test('gives what was put, and null for the rest', async () => {
    assert.isNull(await store.getItem('a'));
    await store.setItem('a', '{"x":"李"}');
    assert.equal(await tmpStore({ folder }).getItem('a'), '{"x":"李"}');
    assert.isNull(await store.getItem('../a'));
  });

  test('leaves one file a key, for its owner only', () => {
    const files = readdirSync(folder);
    assert.lengthOf(files, 1);
    assert.equal(statSync(join(folder, files[0] ?? '')).mode & 0o777, 0o600);
  });
});

describe('options that there are not are refused, and what cannot work', () => {
  const name = '/x';
  const cases: Record<string, [make: (options: never) => unknown, options: unknown, message: RegExp]> = {
    'a region': [ssmStore, { name, region: 'eu-central-1' }, /"region"; there are name, client, writable/],
    'a store that would never write': [ssmStore, { name, writeable: true }, /"writeable"/],
    'a store that would write all the same': [ssmStore, { name, writable: 'false' }, /writable must be true or false/],
    'a client that is a text': [ssmStore, { name, client: 'eu-central-1' }, /client must have send/],
    'a client that can do nothing': [ssmStore, { name, client: {} }, /client must have send/],
    'another word for a folder': [tmpStore, { dir: folder }, /"dir"; there are folder/],
    'a folder alone': [tmpStore, folder, /must be a plain object/],
    'an option of the refresher': [
      createRefresher,
      { name, jwksUrl: 'https://x' },
      /"jwksUrl"; there are name, client/,
    ],
    'a logger of the refresher': [createRefresher, { name, logger: {} }, /logger must have info/],
    'metrics of the refresher': [createRefresher, { name, metrics: {} }, /metrics must have singleMetric/],
  };
  for (const [what, [make, options, message]] of Object.entries(cases)) {
    test(what, () => assertMisconfigured(() => make(options as never), message));
  }
});

describe('ssmStore, over the SDK’s own client', () => {
  const item = `pomerium-edge:jwks:${encodeURIComponent(`https://${HOST}/jwks`)}`;
  const note = `${item}:refresh`;

  test('wants the name of a parameter', () => {
    for (const name of [undefined, '', 7]) {
      assertMisconfigured(() => ssmStore({ name } as never), /^name must be that of an SSM parameter/);
    }
    assertMisconfigured(() => ssmStore(undefined as never), /^Options must be a plain object/);
  });

  test('reads the parameter, and null where there is none', async () => {
    assert.isNull(await ssmStore({ name: '/none', client }).getItem(item));
    parameters.set('/some', 'value');
    const store = ssmStore({ name: '/some', client });
    const before = calls.length;
    assert.deepEqual(await Promise.all([store.getItem(item), store.getItem(item)]), ['value', 'value']);
    assert.equal(calls.length, before + 1, 'requests at once share a read');
    parameters.set('/some', 'newer');
    assert.equal(await store.getItem(item), 'newer', 'and later ones do not');
  });

  test('a read that a freeze cut off is not waited for after the thaw', async () => {
    let sent = 0;
    const answer = { Parameter: { Value: 'newer' } };
    const cutOff = { send: () => (++sent === 1 ? new Promise<never>(() => {}) : Promise.resolve(answer)) };
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const store = ssmStore({ name: '/some', client: cutOff });
      void store.getItem(item);
      vi.setSystemTime(Date.now() + 3_600_000);
      assert.equal(await store.getItem(item), 'newer');
    } finally {
      vi.useRealTimers();
    }
  });

  test('writes only when told to', async () => {
    await ssmStore({ name: '/new', client }).setItem(item, 'x');
    assert.isFalse(parameters.has('/new'));
    await ssmStore({ name: '/new', client, writable: true }).setItem(item, 'x');
    assert.equal(parameters.get('/new'), 'x');
  });

  test('holds the keys only: a note beside them is neither read nor written', async () => {
    parameters.set('/some', 'value');
    const store = ssmStore({ name: '/some', client, writable: true });
    const before = calls.length;
    await store.setItem(note, 'a note');
    assert.isNull(await store.getItem(note));
    assert.equal(calls.length, before);
    assert.equal(parameters.get('/some'), 'value');
  });
});

describe('the refresher, and an authorizer without a way out', () => {
  const name = '/pomerium-edge/jwks';
  let origin: Origin;
  let now = NOW;
  const clock = () => now;
  const puts = () => calls.filter((call) => call === 'PutParameter').length;
  beforeAll(async () => {
    origin = await Origin.start(jwksAnswer(jwks(key)));
    process.env['POMERIUM_JWKS_URL'] = origin.url;
  });
  afterAll(() => {
    delete process.env['POMERIUM_JWKS_URL'];
  });

  test('writes the keys to SSM each time, so that authorizers can tell how old they are', async () => {
    const refresh = createRefresher({ audience: HOST, name, client, now: clock });
    const before = puts();
    const writes: number[] = [];
    for (let minutes = 0; minutes <= 30; minutes += 5) {
      now = NOW + minutes * 60;
      await refresh();
      writes.push(puts() - before);
    }
    assert.deepEqual(writes, [1, 2, 3, 4, 5, 6, 7]);
    assert.equal(await origin.count(), 7);
  });

  test('fails when Pomerium cannot be asked, and leaves what was stored', async () => {
    const held = parameters.get(name);
    await origin.answer({ status: 500 });
    now += 300;
    const failed = await createRefresher({ audience: HOST, name, client, now: clock })().catch(
      (error) => error.message,
    );
    assert.match(failed, /the keys were not refreshed/);
    assert.equal(parameters.get(name), held);
  });

  test('such an authorizer asks SSM only', async () => {
    const hits = await origin.count();
    const store = tieredStore(tmpStore({ folder }), ssmStore({ name, client }));
    const authorize = createAuthorizer({ audience: HOST, store, fetchKeys: false, now: clock });
    await authorize.ready;
    assert.include(await authorize(event()), { isAuthorized: true });
    now += 600;
    assert.include(await authorize(event()), { isAuthorized: true });
    assert.equal(await origin.count(), hits);
  });

  test('and has a rotated key soon after the refresher', async () => {
    const store = ssmStore({ name, client });
    const authorize = createAuthorizer({ audience: HOST, store, fetchKeys: false, now: clock });
    await authorize.ready;
    const next = await makeKey();
    await origin.answer(jwksAnswer(jwks(next, key)));
    now += 300;
    await createRefresher({ audience: HOST, name, client, now: clock })();
    const fresh = createAuthorizer({ audience: HOST, store: ssmStore({ name, client }), fetchKeys: false, now: clock });
    await fresh.ready;
    assert.include(await fresh(event(await sign(next, { exp: 9e9 }))), { isAuthorized: true });
  });

  test('a slow SSM is waited for while the function starts, two seconds at most', async () => {
    ssm.delay = 600;
    try {
      const authorize = createAuthorizer({
        audience: HOST,
        store: ssmStore({ name, client }),
        fetchKeys: false,
        now: clock,
      });
      await authorize.ready;
      assert.include(await authorize(event()), { isAuthorized: true });
    } finally {
      ssm.delay = 0;
    }
  });

  test('is refused without the name of an SSM parameter', () => {
    assertMisconfigured(() => createRefresher({ audience: HOST }), /POMERIUM_JWKS_SSM/);
  });

  for (const option of ['onBehalfOf', 'issuers', 'keys', 'store']) {
    test(`keeps the keys of one URL: refuses ${option}`, () => {
      const options: object = { audience: HOST, name, client, [option]: {} };
      assertMisconfigured(() => createRefresher(options), new RegExp(`${option} cannot be had here`));
    });
  }

  test('fails where the environment has keys that are never fetched', async () => {
    await withVariables({ POMERIUM_JWKS_URL: '', POMERIUM_JWKS: JSON.stringify(jwks(key)) }, async () => {
      delete process.env['POMERIUM_JWKS_URL'];
      const failed = await createRefresher({ audience: HOST, name, client, now: clock })().catch((error) => error);
      assert.match(failed.message, /unset POMERIUM_JWKS/);
    });
  });

  test('asks Pomerium each time it runs, whatever Pomerium says of how long its keys are fresh', async () => {
    await origin.answer(jwksAnswer(jwks(key), { 'cache-control': 'max-age=3600' }));
    const refresh = createRefresher({ audience: HOST, name, client, now: clock });
    const before = await origin.count();
    for (let run = 0; run < 3; run++) {
      await refresh();
      now += 60;
    }
    assert.equal(await origin.count(), before + 3);
  });

  test('fails where the parameter cannot be written, saying why', async () => {
    ssm.failure = 'AccessDeniedException';
    try {
      const failed = await createRefresher({ audience: HOST, name, client, now: clock })().catch((error) => error);
      assert.match(failed.message, /the keys were not refreshed: AccessDenied/);
    } finally {
      ssm.failure = undefined;
    }
  });

  test('leaves the keys of another URL alone, and says what to do', async () => {
    await origin.answer(jwksAnswer(jwks(key)));
    await createRefresher({ audience: HOST, name, client, now: clock })();
    const stored = parameters.get(name);
    const other = await Origin.start(jwksAnswer(jwks(await makeKey())));
    await withVariables({ POMERIUM_JWKS_URL: other.url }, async () => {
      const failed = await createRefresher({ audience: HOST, name, client, now: clock })().catch((error) => error);
      assert.include(failed.message, `the SSM parameter ${name} holds the keys of ${origin.url}, not of ${other.url}`);
      assert.match(failed.message, /a parameter of its own.*aws ssm delete-parameter/);
    });
    assert.equal(parameters.get(name), stored);
    parameters.delete(name);
  });

  test('begins with what a new stack puts into the parameter', async () => {
    parameters.set(name, '{}');
    await createRefresher({ audience: HOST, name, client, now: clock })();
    assert.include(parameters.get(name), key.kid);
  });
});

describe('without a way out', () => {
  const name = '/pomerium-edge/rotated';
  const audiences = [HOST, 'api2.corp.example.com'];
  let now = NOW;
  const clock = () => now;
  const tokenOf = async (by: typeof key, audience = HOST) =>
    event(await sign(by, { aud: audience, iss: audience, iat: now, exp: now + 300 }));

  async function inMinutes(minutes: number, run: () => Promise<void>, each: (second: number) => Promise<void>) {
    for (let second = 0; second < minutes * 60; second += 5, now += 5) {
      if (second % 60 === 0) await run();
      await each(second);
    }
  }

  test('a first deploy and a rotation refuse nobody: the next key is published before it signs', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    await withVariables({ POMERIUM_JWKS_URL: origin.url, POMERIUM_JWKS_SSM: name }, async () => {
      const next = await makeKey();
      const refresh = createRefresher({ audience: HOST, client, now: clock });
      // Once at deploy.
      await refresh();
      const store = ssmStore({ name, client });
      const authorizers = audiences.map((audience) =>
        createAuthorizer({ audience, store, fetchKeys: false, now: clock, log: false }),
      );
      const assertAllowed = async (by: typeof key) => {
        for (const [index, authorize] of authorizers.entries()) {
          assert.include(
            await authorize(await tokenOf(by, audiences[index])),
            { isAuthorized: true },
            `at ${now - NOW}`,
          );
        }
      };
      await inMinutes(3, refresh, () => assertAllowed(key));
      await origin.answer(jwksAnswer(jwks(key, next)));
      await inMinutes(3, refresh, () => assertAllowed(key));
      await origin.answer(jwksAnswer(jwks(next, key)));
      await inMinutes(3, refresh, () => assertAllowed(next));
      await origin.answer(jwksAnswer(jwks(next)));
      await inMinutes(3, refresh, () => assertAllowed(next));
      const error = await authorizers[0]?.(await tokenOf(key)).catch((thrown) => thrown);
      assert.propertyVal(error, 'code', 'keys_unavailable', 'and the old key is gone');
    });
  });

  test('a key that signs as soon as it is published is known after the refresher’s next run', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    parameters.delete(name);
    await withVariables({ POMERIUM_JWKS_URL: origin.url }, async () => {
      const refresh = createRefresher({ audience: HOST, name, client, now: clock });
      await refresh();
      const store = ssmStore({ name, client });
      const authorize = createAuthorizer({ audience: HOST, store, fetchKeys: false, now: clock, log: false });
      await authorize.ready;
      const next = await makeKey();
      await origin.answer(jwksAnswer(jwks(next, key)));
      now += 70;
      await refresh();
      assert.include(await authorize(await tokenOf(next)), { isAuthorized: true });
    });
  });

  test('keys that nobody refreshes are used for an hour', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    parameters.delete(name);
    await withVariables({ POMERIUM_JWKS_URL: origin.url }, async () => {
      await createRefresher({ audience: HOST, name, client, now: clock })();
      const messages: string[] = [];
      const authorize = createAuthorizer({
        audience: HOST,
        store: ssmStore({ name, client }),
        fetchKeys: false,
        now: clock,
        log: false,
        onEvent: (one) => void (one.type === 'keys_refresh_failed' && messages.push(one.message)),
      });
      await authorize.ready;
      now += 3590;
      assert.include(await authorize(await tokenOf(key)), { isAuthorized: true });
      now += 200;
      const error = await authorize(await tokenOf(key)).catch((thrown) => thrown);
      assert.propertyVal(error, 'code', 'keys_unavailable');
      assert.match(messages.at(-1) ?? '', /was not refreshed for 3790 s/);
    });
  });

  test('keys from the parameter are no refresh from Pomerium for the metrics, and a parameter without keys is a failed one', async () => {
    const counted: string[] = [];
    const metrics = {
      singleMetric: () => metrics,
      addDimension: () => {},
      addMetric: (metric: string) => counted.push(metric),
    };
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    parameters.delete(name);
    await withVariables({ POMERIUM_JWKS_URL: origin.url }, async () => {
      const options = { audience: HOST, fetchKeys: false, now: clock, log: false, metrics };
      await createRefresher({ audience: HOST, name, client, now: clock })();
      await createAuthorizer({ ...options, store: ssmStore({ name, client }) }).ready;
      assert.deepEqual(counted, []);
      await createAuthorizer({ ...options, store: ssmStore({ name: '/none', client }) }).ready;
      assert.deepEqual([...new Set(counted)], ['KeyRefreshFailures']);
    });
  });
});

describe('after a thaw', () => {
  /** An origin that closes a kept connection when it is used again, as one does that was idle for an hour. */
  async function startDying() {
    let requests = 0;
    let deaths = 0;
    const server = createServer((_, response) => {
      requests += 1;
      response.setHeader('cache-control', 'max-age=60');
      response.end(JSON.stringify(jwks(key)));
    });
    const served = new WeakMap<object, number>();
    server.on('connection', (socket) => {
      socket.on('data', () => {
        const count = (served.get(socket) ?? 0) + 1;
        served.set(socket, count);
        if (count === 1) return;
        deaths += 1;
        socket.resetAndDestroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      requests: () => requests,
      deaths: () => deaths,
      close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
    };
  }

  test('hours later, where the origin cuts a connection that is used again, no good assertion is refused', async () => {
    const origin = await startDying();
    process.env['POMERIUM_JWKS_URL'] = origin.url;
    try {
      let now = NOW;
      const failures: string[] = [];
      const authorize = createAuthorizer({
        audience: HOST,
        store: tieredStore(),
        now: () => now,
        onEvent: (one) => void (one.type === 'keys_refresh_failed' && failures.push(one.message)),
      });
      await authorize.ready;
      for (let i = 0; i < 3; i++) {
        assert.include(await authorize(event()), { isAuthorized: true });
        now += 3600 * 2;
      }
      assert.deepEqual(failures, []);
      assert.equal(origin.requests(), 3);
      // Each request has a connection of its own: none is used that died meanwhile.
      assert.equal(origin.deaths(), 0);
    } finally {
      delete process.env['POMERIUM_JWKS_URL'];
      await origin.close();
    }
  });

  test('keys that cannot be had do not keep the function from starting, nor for long', async () => {
    const hanging = createServer(() => {});
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    process.env['POMERIUM_JWKS_URL'] = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/`;
    try {
      const started = performance.now();
      await createAuthorizer({ audience: HOST, store: tieredStore() }).ready;
      assert.isBelow(performance.now() - started, 2500);
    } finally {
      delete process.env['POMERIUM_JWKS_URL'];
      hanging.close().closeAllConnections();
    }
  });
});
