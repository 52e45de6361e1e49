import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, assert, describe, test, vi } from 'vitest';
import { createEdgeHandler, type EdgeOptions } from '../../../adapters/aws-lambda/index.ts';
import type { Transport } from '../../../core/adapter.ts';
import { compilePolicy, type JwksStore, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { cloudFront } from './events.ts';
import { collectConsole, withVariables } from './process.ts';

/** What default keys are asked of. */
const origin = vi.hoisted(() => ({ transport: (() => {}) as unknown as Transport }));
vi.mock('../../../adapters/aws-lambda/gate-transport.ts', () => ({
  get gateTransport() {
    return origin.transport;
  },
}));

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const good = await sign(key, { name: '李' });
const forged = {
  'X-Pomerium-Claim-Email': 'root@evil.test',
  x_pomerium_claim_groups: 'admins',
  [`${ASSERTION}-for`]: 'a.b.c',
  accept: '*/*',
};

interface Lines {
  [name: string]: { key: string; value: string }[];
}
interface Result {
  status?: string;
  uri?: string;
  headers: Lines;
  body: string;
}

const ask = async (headers: Record<string, string>, more: Partial<EdgeOptions> = {}, uri?: string) =>
  (await createEdgeHandler({ ...options, ...more })(cloudFront(headers, uri))) as unknown as Result;

describe('Lambda@Edge, on a viewer request', () => {
  test('a request goes on as it came, without unverified Pomerium headers', async () => {
    const event = cloudFront({ ...forged, [ASSERTION]: good });
    const passed = await createEdgeHandler(options)(event);
    const { headers, ...rest } = event.Records[0].cf.request;
    assert.deepEqual(passed, {
      ...rest,
      headers: { accept: headers['accept'], [ASSERTION]: headers[ASSERTION] },
    } as never);
  });

  test('claims are written as the lists that CloudFront has', async () => {
    const { headers } = await ask({ ...forged, [ASSERTION]: good }, { claimHeaders: [] });
    assert.deepEqual(headers['x-pomerium-claim-email'], [
      { key: 'x-pomerium-claim-email', value: 'alice@example.com' },
    ]);
    assert.equal(headers['x-pomerium-claim-name']?.[0]?.value, '李');
  });

  test('keepAssertion: false keeps it from the origin, in Authorization, too', async () => {
    const sent = { [ASSERTION]: good, authorization: `Bearer ${good}`, accept: '*/*' };
    assert.deepEqual(Object.keys((await ask(sent, { keepAssertion: false })).headers), ['accept']);
  });

  test('a header that overrides the path goes where rules decide', async () => {
    const rules = [{ prefix: '/', access: 'authenticated' as const }];
    const { headers } = await ask({ [ASSERTION]: good, 'X-Original-URL': '/admin' }, { rules });
    assert.deepEqual(Object.keys(headers), [ASSERTION]);
  });

  test('any other is answered with a problem document that nobody caches', async () => {
    const { status, headers, body } = await ask(forged);
    assert.equal(status, '401');
    assert.deepInclude(headers, { 'cache-control': [{ key: 'cache-control', value: 'no-store' }] });
    assert.equal(JSON.parse(body).code, 'missing_assertion');
  });

  test('a person gets a page, with a link to the same place behind Pomerium', async () => {
    const { headers, body } = await ask({ accept: 'text/html' });
    assert.match(headers['content-type']?.[0]?.value ?? '', /^text\/html/);
    assert.include(body, `href="https://${HOST}/request?x=1"`);
  });

  test('onRefused answers instead, with all of its cookies', async () => {
    const onRefused = () => {
      const headers = new Headers({ location: '/login' });
      for (const cookie of ['a=1', 'b=2']) headers.append('set-cookie', cookie);
      return new Response(null, { status: 302, headers });
    };
    const { status, headers } = await ask({}, { onRefused });
    assert.equal(status, '302');
    assert.deepEqual(
      headers['set-cookie']?.map(({ value }) => value),
      ['a=1', 'b=2'],
    );
  });

  test('two assertions are refused', async () => {
    const event = cloudFront({ [ASSERTION]: good });
    event.Records[0].cf.request.headers[ASSERTION]?.push({ key: ASSERTION, value: good });
    const answer = (await createEdgeHandler(options)(event)) as { body: string };
    assert.equal(JSON.parse(answer.body).code, 'duplicate_assertion');
  });

  test('policies and rules decide on method and path', async () => {
    const policy = compilePolicy({ allow: { or: [{ http_path: '/request' }] } });
    const sent = { [ASSERTION]: good };
    assert.equal((await ask(sent, { policy })).uri, '/request');
    assert.equal((await ask(sent, { policy }, '/other')).status, '403');
    const rules = [{ path: '/healthz', access: 'public' as const }];
    assert.equal((await ask({}, { rules }, '/healthz')).uri, '/healthz');
    assert.equal((await ask({}, { rules }, '/healthz/%2e%2e/admin')).status, '401');
  });
});

describe('Lambda@Edge, elsewhere', () => {
  const at = (eventType: string, headers: Record<string, string> = { [ASSERTION]: good }) => {
    const { request } = cloudFront(headers).Records[0].cf;
    return { Records: [{ cf: { config: { eventType }, request } }] };
  };

  for (const eventType of ['origin-request', '']) {
    test(`${eventType || 'an unknown event type'}: everything is refused, and the log says why`, async () => {
      const handler = createEdgeHandler({ ...options, log: true });
      let answer: unknown;
      const lines = await collectConsole(async () => {
        answer = await handler(at(eventType));
      });
      assert.propertyVal(answer, 'status', '500');
      assert.lengthOf(lines, 1);
      assert.nestedPropertyVal(lines[0], 'line.type', 'invalid_configuration');
      assert.match(JSON.stringify(lines[0]), /cachingDisabled: true/);
    });
  }

  test('origin-request is taken where the behaviour caches nothing', async () => {
    const handler = createEdgeHandler({ ...options, cachingDisabled: true });
    assert.propertyVal(await handler(at('origin-request')), 'uri', '/request');
    assert.propertyVal(await handler(at('origin-request', {})), 'status', '401');
    assert.propertyVal(await handler(at('viewer-request')), 'uri', '/request');
  });

  for (const event of [at('viewer-response'), at('origin-response'), { Records: [] }]) {
    const name = event.Records[0]?.cf.config.eventType ?? 'no record';
    test(`${name} is thrown back`, async () => {
      const error = await createEdgeHandler({ ...options, cachingDisabled: true })(event).catch((thrown) => thrown);
      assert.instanceOf(error, TypeError);
      assert.match(error.message, /attach the function to the viewer request/);
    });
  }
});

describe('createEdgeHandler', () => {
  const cases: [name: string, more: Record<string, unknown>, message: RegExp][] = [
    ['shared', { shared: true }, /shared cannot be had here: .*cache policy/],
    ['endAtExpiry', { endAtExpiry: true }, /endAtExpiry cannot be had here/],
    ['cachingDisabled as text', { cachingDisabled: 'true' }, /cachingDisabled must be true or false/],
    ['an option that is not there', { tll: 1 }, /no option "tll".*cachingDisabled/],
  ];
  for (const [name, more, message] of cases) {
    test(`refuses ${name}`, () => assertMisconfigured(() => createEdgeHandler({ ...options, ...more }), message));
  }

  test('reads no environment', () =>
    withVariables({ POMERIUM_AUDIENCE: HOST, POMERIUM_OPTIONAL: 'true', POMERIUM_POLICYY: '{}' }, async () => {
      assertMisconfigured(() => createEdgeHandler({} as EdgeOptions), /^audience is missing; write createEdgeHandler/);
      assert.equal((await ask({})).status, '401');
    }));

  test('logs refusals by default, with method, path and request id', async () => {
    const lines = await collectConsole(() => ask({}, { log: true }));
    const request = { method: 'GET', path: '/request', id: 'edge-request' };
    assert.deepNestedInclude(lines[0], { 'line.code': 'missing_assertion', 'line.request': request });
  });

  describe('with keys that are slow to come', () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    /** Milliseconds from its start, or from its first request, until a request is answered, while nothing ever answers us. */
    async function answerAfter({ awaitsReady, store }: { awaitsReady: boolean; store?: JwksStore }) {
      vi.useFakeTimers();
      origin.transport = () => new Promise(() => {});
      const startedAt = Date.now();
      const handler = createEdgeHandler({ audience: HOST, log: false, ...(store && { store }) });
      const work = async () => {
        if (awaitsReady) await handler.ready;
        return [await handler(cloudFront({ [ASSERTION]: good })), Date.now() - startedAt] as const;
      };
      let result: Awaited<ReturnType<typeof work>> | undefined;
      void work().then((one) => {
        result = one;
      });
      for (let passed = 0; !result && passed < 20_000; passed += 10) await vi.advanceTimersByTimeAsync(10);
      const [answer, milliseconds] = result ?? [];
      assert.propertyVal(answer, 'status', '503');
      return milliseconds;
    }

    const hangs = () => new Promise<never>(() => {});
    const stores: [name: string, store: JwksStore][] = [
      ['an empty store', { getItem: async () => null, setItem: async () => {} }],
      ['a store that hangs', { getItem: hangs, setItem: hangs }],
    ];
    for (const [name, store] of stores) {
      for (const awaitsReady of [true, false]) {
        const when = awaitsReady ? 'after ready' : 'at once';
        test(`${name}: the first request, ${when}, is answered within the five seconds that CloudFront gives, with the start`, async () => {
          assert.isBelow((await answerAfter({ awaitsReady, store })) ?? Number.NaN, 4500);
        });
      }
    }
  });

  describe('keeps keys', () => {
    test('in /tmp, so that a new process of the same environment asks nobody', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
      vi.stubEnv('TMPDIR', folder);
      let requests = 0;
      origin.transport = async () => {
        requests += 1;
        const parts = [Buffer.from(JSON.stringify(jwks(key)))];
        return {
          status: 200,
          header: (name) => (name === 'cache-control' ? 'max-age=60' : null),
          read: async () => parts.pop(),
          discard() {},
        };
      };
      try {
        for (let start = 0; start < 2; start++) {
          const handler = createEdgeHandler({ audience: HOST, now: () => NOW, log: false });
          await handler.ready;
          assert.propertyVal(await handler(cloudFront({ [ASSERTION]: good })), 'uri', '/request');
        }
        assert.equal(requests, 1);
      } finally {
        vi.unstubAllEnvs();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
});
