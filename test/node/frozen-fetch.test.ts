import { afterEach, assert, beforeEach, describe, test, vi } from 'vitest';
import { FetchJwksError, fetchJwks } from '../../core/keys/remote/fetch-jwks.ts';
import type { Transport } from '../../core/keys/remote/transport.ts';
import { NOW } from '../support/issuer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** How an exchange ends, and after how many milliseconds. A `hang` ends with its time. */
type Exchange = [milliseconds: number, end: 'answer' | 'gone' | 'refused'] | 'hang';

/**
 * Plays the exchanges while no timer of the process runs, as in an environment that is frozen. Returns how often the
 * origin was asked, how it ended, and how long it took in milliseconds.
 */
async function play(exchanges: readonly Exchange[], mayRepeat?: () => boolean) {
  let requests = 0;
  const startedAt = Date.now();
  const transport: Transport = async () => {
    const exchange = exchanges[requests];
    requests += 1;
    assert(exchange, 'no request more than that');
    if (exchange === 'hang') return new Promise(() => {});
    const [milliseconds, end] = exchange;
    vi.setSystemTime(Date.now() + milliseconds);
    if (end === 'gone') throw new Error('socket hang up');
    const status = end === 'refused' ? 503 : 200;
    return { status, header: () => null, read: async () => undefined, discard: () => {} };
  };
  const result = fetchJwks({
    url: 'https://a.test/',
    transport,
    etag: null,
    timeout: 5,
    now: () => NOW,
    ...(mayRepeat && { mayRepeat }),
  }).then(
    () => 'answer',
    (error: unknown) => (error instanceof FetchJwksError ? error.reason : error),
  );
  let took = 0;
  result.then(() => {
    took = Date.now() - startedAt;
  });
  await vi.advanceTimersByTimeAsync(20_000);
  return { requests, end: await result, took };
}

describe('an exchange with the origin, of five seconds at most,', () => {
  const cases: [name: string, exchanges: Exchange[], end: string][] = [
    ['that ends in time is not repeated', [[4000, 'answer']], 'answer'],
    ['that is a second late is not repeated: timers are late', [[6000, 'answer']], 'answer'],
    [
      'that is later was frozen, and is repeated, whatever came of it',
      [
        [6001, 'answer'],
        [10, 'answer'],
      ],
      'answer',
    ],
    [
      'is repeated after each freeze',
      [
        [6001, 'gone'],
        [6001, 'refused'],
        [10, 'answer'],
      ],
      'answer',
    ],
    ['whose connection fails within a second is not repeated', [[1000, 'gone']], 'unreachable'],
    [
      'whose connection fails after that may have been frozen, and is repeated once',
      [
        [1001, 'gone'],
        [1001, 'gone'],
      ],
      'unreachable',
    ],
    ['that is refused after that is not repeated', [[1001, 'refused']], 'status'],
    [
      'that was frozen counts as the first when it is repeated',
      [
        [6001, 'answer'],
        [1001, 'gone'],
        [10, 'answer'],
      ],
      'answer',
    ],
  ];
  for (const [name, exchanges, end] of cases) {
    test(name, async () => {
      const played = await play(exchanges);
      assert.deepEqual([played.requests, played.end], [exchanges.length, end]);
    });
  }

  const limits: [name: string, first: Exchange, took: number][] = [
    ['what is left of its time, after a lost connection', [1500, 'gone'], 5000],
    ['at least a second, after a lost connection', [4500, 'gone'], 5500],
    ['all of its time, after a freeze', [60_000, 'answer'], 65_000],
  ];
  for (const [name, first, took] of limits) {
    test(`has when it is repeated ${name}`, async () => {
      assert.deepEqual(await play([first, 'hang']), { requests: 2, end: 'timeout', took });
    });
  }

  test('is not repeated when nobody wants the answer any longer', async () => {
    const ends = [
      await play([[60_000, 'answer']], () => false),
      await play([[60_000, 'gone']], () => false),
      await play([[2000, 'gone']], () => false),
    ];
    assert.deepEqual(
      ends.map(({ requests, end }) => [requests, end]),
      [
        [1, 'answer'],
        [1, 'unreachable'],
        [1, 'unreachable'],
      ],
    );
  });
});
