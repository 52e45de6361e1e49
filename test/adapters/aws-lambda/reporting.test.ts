import { Logger } from '@aws-lambda-powertools/logger';
import { afterEach, assert, describe, test, vi } from 'vitest';
import {
  type AuthorizerOptions,
  createAuthorizer,
  createEdgeHandler,
  type LambdaOptions,
  tieredStore,
  withPomerium,
} from '../../../adapters/aws-lambda/index.ts';
import { withoutRepeats } from '../../../adapters/aws-lambda/log.ts';
import {
  compilePolicy,
  type KeySource,
  PomeriumError,
  type PomeriumErrorCode,
  type PomeriumEvent,
  staticKeys,
} from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { cloudFront, http2, restToken } from './events.ts';
import { collectConsole, withVariables } from './process.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const key = await makeKey();
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW };
const good = await sign(key);
const expired = await sign(key, { exp: 1 });

type Line = Record<string, unknown>;

/** A logger and metrics that keep what they are told. */
function makeReporting() {
  const lines: Line[] = [];
  const write = (level: string) => (message: string, details: Line) => void lines.push({ level, message, ...details });
  const logger = { info: write('info'), warn: write('warn'), error: write('error') };
  const counted: string[] = [];
  const metrics = {
    singleMetric: () => metrics,
    addDimension: (name: string, value: string) => counted.push(`${name}=${value}`),
    addMetric: (name: string, unit: string) => counted.push(`${name} ${unit}`),
  };
  return { lines, logger, counted, metrics };
}

const authorize = (headers: Record<string, string>, more: LambdaOptions = {}) =>
  createAuthorizer({ ...options, ...more })(http2(headers));
const call = (headers: Record<string, string>, more: LambdaOptions = {}, rawPath = '/test/request') => {
  const event = { ...http2(headers, { rawPath }), type: undefined };
  return withPomerium(() => ({ statusCode: 200 }), { ...options, ...more })(event as never, {} as never);
};
const ENTRIES = { createAuthorizer: authorize, withPomerium: call };

for (const [name, ask] of Object.entries(ENTRIES)) {
  describe(`${name}, with a logger and metrics`, () => {
    test('reports each decision with a line and a count, and with nothing that came', async () => {
      const { lines, logger, counted, metrics } = makeReporting();
      await ask({ [ASSERTION]: good }, { logger, metrics, logClaims: ['email'] });
      await ask({ [ASSERTION]: expired }, { logger, metrics });
      const request = { requestId: 'http2-request', method: 'GET', path: '/request' };
      const email = 'alice@example.com';
      assert.include(lines[0], {
        level: 'info',
        message: 'allowed',
        ...request,
        code: 'allowed',
        email,
        keyId: key.kid,
      });
      assert.include(lines[1], { level: 'warn', message: 'refused', ...request, code: 'expired', status: 401 });
      assert.lengthOf(lines, 2);
      const text = JSON.stringify(lines);
      for (const secret of ['u-alice', 'engineering', 'Alice', good.slice(0, 40), expired.slice(-40)])
        assert.notInclude(text, secret);
      assert.deepEqual(counted, [
        'code=allowed',
        'Decisions Count',
        'Latency Milliseconds',
        'code=expired',
        'Decisions Count',
        'Latency Milliseconds',
      ]);
    });

    test('says who was let in where logSubject asks for it', async () => {
      const { lines, logger } = makeReporting();
      await ask({ [ASSERTION]: good }, { logger, logSubject: true });
      await withVariables({ POMERIUM_LOG_SUBJECT: 'true' }, () => ask({ [ASSERTION]: good }, { logger }));
      for (const line of lines) assert.propertyVal(line, 'user', 'u-alice');
      assert.lengthOf(lines, 2);
    });

    test('says whom a policy refused where logSubject asks for it, and of nobody else', async () => {
      const { lines, logger } = makeReporting();
      const policy = compilePolicy({});
      for (const logSubject of [true, false]) await ask({ [ASSERTION]: good }, { logger, logSubject, policy });
      await ask({ [ASSERTION]: expired }, { logger, logSubject: true, policy });
      assert.deepEqual(
        lines.map(({ code, user }) => [code, user]),
        [
          ['policy_denied', 'u-alice'],
          ['policy_denied', undefined],
          ['expired', undefined],
        ],
      );
    });

    test('says the host that came with a wrong audience', async () => {
      const { lines, logger } = makeReporting();
      const wrong = await sign(key, { aud: 'wiki.example.com', iss: 'wiki.example.com' });
      await ask({ [ASSERTION]: wrong }, { logger });
      assert.include(lines[0], { code: 'audience_mismatch', expected: `"${HOST}"`, received: '"wiki.example.com"' });
    });

    test('says with missing_assertion that a bearer token was there', async () => {
      const { lines, logger } = makeReporting();
      await ask({ authorization: `Bearer ${good}` }, { logger });
      await ask({ authorization: `Basic ${good}` }, { logger });
      await ask({ authorization: `Bearer ${good}`, [ASSERTION]: expired }, { logger });
      assert.deepEqual(
        lines.map(({ code }) => code),
        ['missing_assertion', 'missing_assertion', 'expired'],
      );
      assert.match(String(lines[0]?.['reason']), /bearer token in Authorization, which is not looked at/);
      for (const line of lines.slice(1)) assert.notMatch(String(line['reason']), /bearer/);
      assert.notInclude(JSON.stringify(lines), good.slice(0, 40));
      const [written] = await collectConsole(() => ask({ authorization: `Bearer ${good}` }));
      assert.match(JSON.stringify(written), /bearer token in Authorization, which is not looked at/);
    });

    test('log: false silences the logger, and metrics go on', async () => {
      const { lines, logger, counted, metrics } = makeReporting();
      await ask({ [ASSERTION]: expired }, { logger, metrics, log: false });
      await withVariables({ POMERIUM_LOG: 'false' }, () => ask({ [ASSERTION]: good }, { logger, metrics }));
      assert.deepEqual(lines, []);
      assert.lengthOf(counted, 6);
    });

    test('onEvent is told beside them', async () => {
      const { lines, logger, counted, metrics } = makeReporting();
      const events: PomeriumEvent[] = [];
      await ask({ [ASSERTION]: expired }, { logger, metrics, onEvent: (event) => events.push(event) });
      assert.deepEqual([events.length, lines.length, counted.length], [1, 1, 3]);
    });

    const fail = () => {
      throw new Error('a broken logger');
    };
    const failLater = () => Promise.reject(new Error('the metrics host is down'));
    for (const [how, callback] of [
      ['throws', fail],
      ['rejects', failLater],
    ] as const) {
      test(`a logger, metrics or listener that ${how} changes no answer`, async () => {
        const logger = { info: callback, warn: callback, error: callback };
        const metrics = { singleMetric: () => metrics, addDimension: callback, addMetric: callback };
        const broken = { logger, metrics, onEvent: callback };
        assert.match(JSON.stringify(await ask({ [ASSERTION]: good }, broken)), /"isAuthorized":true|"statusCode":200/);
        assert.match(
          JSON.stringify(await ask({ [ASSERTION]: expired }, broken)),
          /"isAuthorized":false|"statusCode":401/,
        );
      });
    }
  });

  describe(`${name}, without a logger`, () => {
    test('writes a line of JSON for a refusal, and none for who is let in', async () => {
      const [one, ...others] = await collectConsole(async () => {
        await ask({ [ASSERTION]: good });
        await ask({ [ASSERTION]: expired });
      });
      const request = { method: 'GET', path: '/request', id: 'http2-request' };
      assert.deepNestedInclude(one, { level: 'warn', 'line.code': 'expired', 'line.request': request });
      assert.deepEqual(others, []);
    });

    test('writes one for who is let in where logSubject asks for it', async () => {
      const lines = await collectConsole(() => ask({ [ASSERTION]: good }, { logSubject: true }));
      assert.lengthOf(lines, 1);
      assert.nestedInclude(lines[0], { level: 'info', 'line.user': 'u-alice' });
    });

    test('log: false silences it', async () => {
      assert.deepEqual(await collectConsole(() => ask({ [ASSERTION]: expired }, { log: false })), []);
    });
  });
}

describe('a request for nobody that may pass', () => {
  test('is counted, and is no line', async () => {
    const { lines, logger, counted, metrics } = makeReporting();
    const rules = [{ path: '/request', access: 'public' as const }];
    assert.propertyVal(await call({}, { logger, metrics, rules }), 'statusCode', 200);
    assert.deepEqual(lines, []);
    assert.deepEqual(counted, ['code=allowed', 'Decisions Count', 'Latency Milliseconds']);
  });
});

describe('a bad assertion on a public path', () => {
  const rules = [{ path: '/request', access: 'public' as const }];

  test('is dropped and logged, by a logger as on the console', async () => {
    const { lines, logger, counted, metrics } = makeReporting();
    assert.propertyVal(await call({ [ASSERTION]: expired }, { logger, metrics, rules }), 'statusCode', 200);
    assert.lengthOf(lines, 1);
    assert.include(lines[0], { level: 'warn', message: 'refused', code: 'expired', requestId: 'http2-request' });
    assert.include(counted, 'code=allowed');
    const written = await collectConsole(() => call({ [ASSERTION]: expired }, { rules }));
    assert.lengthOf(written, 1);
    assert.nestedInclude(written[0], { level: 'warn', 'line.code': 'expired' });
  });
});

describe('a refusal of the assertion on behalf of a user', () => {
  test('names the subject on-behalf-of in its line', async () => {
    const { lines, logger } = makeReporting();
    const callers = compilePolicy({ allow: { or: [{ user: 'u-alice' }] } });
    const onBehalfOf = { audience: HOST, keys: options.keys, callers };
    await call({ [ASSERTION]: good, [`${ASSERTION}-for`]: expired }, { logger, onBehalfOf });
    assert.lengthOf(lines, 1);
    assert.include(lines[0], { message: 'refused', code: 'expired', subject: 'on-behalf-of' });
  });
});

describe('a path that servers could read differently', () => {
  test('is null in the line', async () => {
    const { lines, logger } = makeReporting();
    await call({}, { logger }, '/test/a/../b');
    assert.propertyVal(lines[0], 'path', null);
  });
});

describe('a mistake that is no refusal', () => {
  const mistake = new TypeError('a mistake in the key source');
  const keys: KeySource = {
    find: () => {
      throw mistake;
    },
    ready: async () => {},
  };
  const edge = (headers: Record<string, string>, more: Pick<LambdaOptions, 'keys' | 'logger'>) =>
    createEdgeHandler({ ...options, ...more })(cloudFront(headers));

  for (const [name, ask] of Object.entries({ withPomerium: call, createEdgeHandler: edge })) {
    test(`${name}: is answered with a 500 that says nothing, and logged`, async () => {
      const { lines, logger } = makeReporting();
      const answer = JSON.stringify(await ask({ [ASSERTION]: good }, { keys, logger }));
      assert.match(answer, /"(statusCode|status)":"?500/);
      assert.notInclude(answer, 'mistake');
      assert.deepEqual(lines[0], { level: 'error', message: 'failure', error: mistake });
      assert.include(lines[1], { level: 'error', message: 'refused', code: 'invalid_configuration' });
    });

    test(`${name}: is on the console where there is no logger`, async () => {
      const lines = await collectConsole(() => ask({ [ASSERTION]: good }, { keys }));
      assert.deepEqual(lines, [{ level: 'error', line: mistake }]);
    });
  }

  test('createAuthorizer: is thrown, so that API Gateway answers 500, and logged', async () => {
    for (const event of [http2({ [ASSERTION]: good }), restToken(good)]) {
      const { lines, logger } = makeReporting();
      const error = await createAuthorizer({ ...options, keys, logger })(event).catch((thrown) => thrown);
      assert.equal(error.cause, mistake);
      assert.notEqual(error.message, 'Unauthorized');
      assert.deepEqual(lines[0], { level: 'error', message: 'failure', error: mistake });
    }
  });
});

describe('an authorizer that throws', () => {
  const failing: KeySource = { ...options.keys, find: () => Promise.reject(new PomeriumError('keys_unavailable', '')) };
  const broken: KeySource = { ...options.keys, find: () => Promise.reject(new TypeError('mine')) };
  const fail = () => {
    throw new TypeError('mine');
  };
  const cases: [name: string, more: AuthorizerOptions, code: PomeriumErrorCode][] = [
    ['for want of keys', { keys: failing }, 'keys_unavailable'],
    ['for a mistake of a key source', { keys: broken }, 'invalid_configuration'],
    ['for one of context', { context: fail }, 'invalid_configuration'],
    ['for what context may not give', { context: () => ({ code: '' }) }, 'invalid_configuration'],
    ['for one of usageIdentifierKey', { usageIdentifierKey: fail }, 'invalid_configuration'],
  ];
  const ask = async (event: unknown, more: AuthorizerOptions = {}) => {
    const { lines, logger, counted, metrics } = makeReporting();
    const answer = await createAuthorizer({ ...options, logger, metrics, ...more })(event).catch((error) => error);
    const counts = counted.filter((one) => !one.startsWith('Latency'));
    return { answer, counts, logged: lines.filter(({ message }) => message !== 'failure').map(({ code }) => code) };
  };
  for (const [name, more, code] of cases) {
    test(`${name} reports that as its decision, so that the alarm on it sees each 500`, async () => {
      const { answer, counts, logged } = await ask(restToken(good), more);
      assert.instanceOf(answer, Error);
      assert.deepEqual(counts, [`code=${code}`, 'Decisions Count']);
      assert.deepEqual(logged, [code]);
    });
  }

  test('for an assertion that does not hold reports its own code', async () => {
    const { answer, counts } = await ask(restToken(expired));
    assert.propertyVal(answer, 'message', 'Unauthorized');
    assert.deepEqual(counts, ['code=expired', 'Decisions Count']);
  });

  test('for an event that is not its own decides nothing', async () => {
    const { answer, counts, logged } = await ask({});
    assert.instanceOf(answer, TypeError);
    assert.deepEqual([counts, logged], [[], []]);
  });
});

describe('with Powertools’ own Logger', () => {
  /** In its development mode it writes to the console. */
  const collect = (work: (logger: Logger) => unknown) => {
    let lines: unknown[] = [];
    return withVariables({ POWERTOOLS_DEV: 'true', POWERTOOLS_LOG_LEVEL: 'INFO' }, async () => {
      const logger = new Logger({ serviceName: 'edge' });
      lines = (await collectConsole(() => work(logger))).map(({ line }) => line);
    }).then(() => lines as Line[]);
  };

  test('claims of names that it keeps for itself are under claims', async () => {
    const claims = {
      service: 'mine',
      message: 'hi',
      level: 7,
      function_name: 'f',
      code: 'c',
      claims: 'x',
      email: 'a@b.c',
    };
    const token = await sign(key, claims);
    const logClaims = [...Object.keys(claims), 'absent', 'constructor'];
    const lines = await collect((logger) => call({ [ASSERTION]: token }, { logger, logClaims }));
    assert.lengthOf(lines, 1);
    const { email, ...taken } = claims;
    assert.deepInclude(lines[0], { message: 'allowed', service: 'edge', code: 'allowed', email, claims: taken });
  });

  test('the sentence of an event is its detail', async () => {
    const origin = await Origin.start({ status: 500 });
    await withVariables({ POMERIUM_JWKS_URL: origin.url }, async () => {
      const lines = await collect(async (logger) => {
        const store = { getItem: async () => null, setItem: async () => {} };
        await withPomerium(() => '', { audience: HOST, store, logger })(
          { ...http2({ [ASSERTION]: good }), type: undefined } as never,
          {} as never,
        );
      });
      const failed = lines.find(({ message }) => message === 'keys_refresh_failed');
      assert.match(String(failed?.['detail']), /answers with status 500/);
      assert.isEmpty(lines.filter((line) => /reserved/.test(JSON.stringify(line))));
    });
  });

  test('the reason of a refusal and the id of its request are there, and nothing is dropped', async () => {
    const context = { awsRequestId: 'lambda-request' };
    const policy = compilePolicy({});
    const lines = await collect(async (logger) => {
      const authorizer = createAuthorizer({ ...options, logger, logSubject: true, policy, responses: 'policy' });
      for (const token of [good, expired, '']) await authorizer(restToken(token), context);
    });
    assert.deepEqual(
      lines.map(({ message, level, requestId, code, user }) => [message, level, requestId, code, user]),
      [
        ['refused', 'WARN', 'lambda-request', 'policy_denied', 'u-alice'],
        ['refused', 'WARN', 'lambda-request', 'expired', undefined],
        ['refused', 'WARN', 'lambda-request', 'missing_assertion', undefined],
      ],
    );
    for (const { reason } of lines) assert.match(String(reason), /^The .{20}/);
  });

  test('a mistake is written with its stack', async () => {
    const keys: KeySource = { find: () => Promise.reject(new TypeError('mine')), ready: async () => {} };
    const lines = await collect((logger) => call({ [ASSERTION]: good }, { keys, logger }));
    assert.nestedInclude(lines[0], { message: 'failure', 'error.name': 'TypeError', 'error.message': 'mine' });
  });
});

describe('the metric StoreFailures', () => {
  test('counts a parameter that cannot be read or written beside Pomerium', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const fail = () => Promise.reject(new Error('AccessDeniedException'));
    const { counted, metrics } = makeReporting();
    await withVariables({ POMERIUM_JWKS_URL: origin.url }, async () => {
      const store = tieredStore(
        { getItem: async () => null, setItem: async () => {} },
        { getItem: fail, setItem: fail },
      );
      const handler = createAuthorizer({ audience: HOST, now: options.now, store, metrics, log: false });
      assert.include(await handler(http2({ [ASSERTION]: good })), { isAuthorized: true });
    });
    assert.includeMembers(counted, ['StoreFailures Count', 'KeyRefreshes Count']);
  });
});

describe('the metric KeyRefreshes', () => {
  test('counts what came from Pomerium, and not what came from a store', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const kept = new Map<string, unknown>();
    const store = {
      getItem: async (name: string) => kept.get(name) ?? null,
      setItem: async (name: string, value: string) => void kept.set(name, value),
    };
    const counts: string[][] = [];
    await withVariables({ POMERIUM_JWKS_URL: origin.url }, async () => {
      for (let environment = 0; environment < 2; environment++) {
        const { counted, metrics } = makeReporting();
        const handler = createAuthorizer({ audience: HOST, now: options.now, store, metrics, log: false });
        await handler.ready;
        assert.include(await handler(http2({ [ASSERTION]: good })), { isAuthorized: true });
        counts.push(counted.filter((one) => one.startsWith('Key')));
      }
    });
    assert.deepEqual(counts, [['KeyRefreshes Count'], []]);
    assert.equal(await origin.count(), 1);
  });
});

describe('what is wrong with keys or stores', () => {
  const failed: PomeriumEvent = {
    type: 'keys_refresh_failed',
    url: 'https://x.test/',
    reason: 'timeout',
    message: 'm',
    retryAfter: 1,
  };
  const other: PomeriumEvent = { ...failed, reason: 'status', message: 'n' };
  const refused: PomeriumEvent = {
    type: 'assertion_refused',
    subject: 'assertion',
    code: 'expired',
    status: 401,
    message: 'm',
  };
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is said once a minute, something else at once, and each refusal always', () => {
    vi.useFakeTimers();
    const lines: unknown[] = [];
    const log = withoutRepeats({ event: (event) => lines.push(event), failure: () => {} }, 60_000);
    for (const event of [failed, { ...failed, retryAfter: 2 }, other, failed, refused, refused]) log.event(event);
    assert.deepEqual(lines, [failed, other, refused, refused]);
    vi.advanceTimersByTime(61_000);
    log.event(failed);
    assert.lengthOf(lines, 5);
  });

  test('is said when the function starts, if no event says it: keys of one’s own that cannot be used', async () => {
    const { lines, logger } = makeReporting();
    const ready = () => Promise.reject(new PomeriumError('invalid_configuration', 'The PEM is damaged.'));
    const keys: KeySource = { find: ready, ready };
    await createAuthorizer({ ...options, keys, logger }).ready;
    assert.deepEqual(lines, [
      { level: 'error', message: 'failure', code: 'invalid_configuration', reason: 'The PEM is damaged.' },
    ]);
    const silent = makeReporting();
    await createAuthorizer({ ...options, keys, logger: silent.logger, log: false }).ready;
    assert.deepEqual(silent.lines, []);
  });
});
