import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import {
  createAuthorizer,
  createRefresher,
  ssmStore,
  tieredStore,
  tmpStore,
} from '../../../adapters/aws-lambda/index.ts';
import { serve } from '../../../scripts/start/server.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { http2 } from './events.ts';

const key = await makeKey();
const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
const token = await sign(key, { exp: 9e9 });
const event = (assertion = token) => http2({ 'x-pomerium-jwt-assertion': assertion });

/** SSM as the SDK's client speaks to it: JSON over HTTP, the operation in a header. */
const parameters = new Map<string, string>();
const calls: string[] = [];
let delay = 0;
const ssm = await serve(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const operation = String(request.headers['x-amz-target']).replace('AmazonSSM.', '');
  const { Name, Value } = JSON.parse(body);
  calls.push(operation);
  await new Promise((resolve) => setTimeout(resolve, delay));
  const answer = (status: number, json: object) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(json));
  if (operation === 'PutParameter') {
    parameters.set(Name, Value);
    answer(200, { Version: 1, Tier: 'Standard' });
  } else if (parameters.has(Name)) answer(200, { Parameter: { Name, Value: parameters.get(Name), Type: 'String' } });
  else answer(400, { __type: 'ParameterNotFound' });
});
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

describe('ssmStore, over the SDK’s own client', () => {
  test('reads the parameter, and null where there is none', async () => {
    assert.isNull(await ssmStore({ name: '/none', client }).getItem(''));
    parameters.set('/some', 'value');
    const store = ssmStore({ name: '/some', client });
    const before = calls.length;
    assert.deepEqual(await Promise.all([store.getItem(''), store.getItem('')]), ['value', 'value']);
    assert.equal(calls.length, before + 1, 'requests at once share a read');
  });

  test('writes only when told to', async () => {
    await ssmStore({ name: '/new', client }).setItem('', 'x');
    assert.isFalse(parameters.has('/new'));
    await ssmStore({ name: '/new', client, writable: true }).setItem('', 'x');
    assert.equal(parameters.get('/new'), 'x');
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

  test('writes the keys to SSM when they changed, and otherwise now and then', async () => {
    const refresh = createRefresher({ audience: HOST, name, client, now: clock });
    const before = puts();
    const writes: number[] = [];
    for (let minutes = 0; minutes <= 30; minutes += 5) {
      now = NOW + minutes * 60;
      await refresh();
      writes.push(puts() - before);
    }
    assert.deepEqual(writes, [1, 1, 1, 2, 2, 2, 3]);
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
    delay = 600;
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
      delay = 0;
    }
  });

  test('needs a parameter', () => {
    assertMisconfigured(() => createRefresher({ audience: HOST }), /POMERIUM_JWKS_SSM/);
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

  test('an hour later, with a dead connection, no good assertion is refused', async () => {
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
      // Node.js' fetch asks once more by itself.
      assert.isAtLeast(origin.deaths(), 1);
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
