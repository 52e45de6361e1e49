import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, assert, beforeAll, describe, test, vi } from 'vitest';
import { bundleWorker, COMPATIBILITY_DATE } from '../../scripts/bundle-worker.ts';
import { serve } from '../../scripts/start/server.ts';
import { startUpstream } from '../../scripts/start/upstream.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { HOST } from '../support/issuer.ts';

const SEATS = ['guard', 'withPomerium', 'hono'] as const;

/** Dates at which workerd changes what is used here, each with the day before; and flags that say it whatever the date. */
const WORKING: readonly (readonly [date: string, ...flags: string[]])[] = [
  // The oldest that modules have; `URL` of 2022-10-31 by its flag.
  ['2021-11-02', 'url_standard'],
  ['2022-10-30', 'url_standard', 'nodejs_compat'],
  ['2022-10-31'],
  ['2022-11-01', 'nodejs_compat'],
  ['2022-11-30'],
  ['2023-02-28', 'nodejs_compat', 'global_fetch_strictly_public'],
  // From 2024-09-23 nodejs_compat brings the globals of Node.js.
  ['2024-09-22', 'nodejs_compat'],
  ['2024-09-23', 'nodejs_compat'],
  // From 2024-11-11 fetch takes `cache`.
  ['2024-11-10'],
  ['2024-11-10', 'nodejs_compat', 'global_fetch_strictly_public'],
  ['2024-11-11'],
  ['2024-11-11', 'nodejs_compat', 'global_fetch_strictly_public'],
  [COMPATIBILITY_DATE, 'cache_option_disabled'],
  // With Node.js's process.versions, and without the name of the runtime.
  [COMPATIBILITY_DATE, 'nodejs_compat', 'no_global_navigator'],
  [COMPATIBILITY_DATE, 'enable_request_signal', 'request_signal_passthrough', 'pedantic_wpt'],
  [COMPATIBILITY_DATE, 'global_fetch_strictly_public'],
  [COMPATIBILITY_DATE, 'no_nodejs_compat'],
  [COMPATIBILITY_DATE],
];

/** Where `URL` takes `https://good.test\@evil.test` for one of evil.test. */
const REFUSED: typeof WORKING = [['2021-11-02'], ['2022-10-30', 'nodejs_compat'], [COMPATIBILITY_DATE, 'url_original']];

const issuer = await createTestIssuer({ host: HOST });
const good = { 'x-pomerium-jwt-assertion': await issuer.sign({ name: 'Zoë' }) };
const upstream = await startUpstream();
/** How often each path of the JWKS server was asked for. */
const hits: Record<string, number> = {};
const jwksServer = await serve(({ url = '' }, response) => {
  hits[url] = (hits[url] ?? 0) + 1;
  response.writeHead(200, { 'cache-control': 'max-age=60' }).end(JSON.stringify(issuer.jwks()));
});
const lines: string[] = [];
let miniflare: Miniflare;

beforeAll(async () => {
  const { code } = await bundleWorker({ entry: 'test/e2e/dated-app.ts' });
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      handleStructuredLogs: ({ message }) => void lines.push(message),
      workers: [...WORKING, ...REFUSED].map(([compatibilityDate, ...compatibilityFlags]) => {
        const name = nameOf(compatibilityDate, ...compatibilityFlags);
        return {
          name,
          compatibilityDate,
          compatibilityFlags,
          modules: [{ type: 'ESModule' as const, path: 'worker.js', contents: code }],
          bindings: {
            POMERIUM_AUDIENCE: HOST,
            POMERIUM_UPSTREAM: upstream.url,
            JWKS: `${jwksServer.url}/${encodeURIComponent(name)}`,
          },
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
        };
      }),
    }),
  );
  await miniflare.ready;
});
afterAll(async () => {
  await miniflare?.dispose();
  await Promise.all([upstream.close(), jwksServer.close()]);
});

function nameOf(...dateAndFlags: string[]): string {
  return dateAndFlags.join(' ');
}

async function send(name: string, seat: string, headers: Record<string, string>): Promise<Response> {
  const { origin } = await miniflare.unsafeGetDirectURL(name);
  return fetch(`${origin}/${seat}`, { headers });
}

describe('keys are fetched once, a good assertion passes, and none is a 401', () => {
  for (const dateAndFlags of WORKING) {
    const name = nameOf(...dateAndFlags);
    for (const seat of SEATS) {
      test(`${name}: ${seat}`, async () => {
        assert.equal((await send(name, seat, {})).status, 401);
        for (let i = 0; i < 2; i++) {
          const response = await send(name, seat, good);
          assert.equal(response.status, 200, lines.at(-1));
          const body = await response.text();
          if (seat === 'guard') {
            const { headers } = JSON.parse(body) as { headers: [string, string][] };
            assert.equal(new Map(headers).get('x-pomerium-claim-name'), 'Zoë');
          } else {
            assert.equal(body, 'Zoë');
          }
        }
        assert.equal(hits[`/${encodeURIComponent(name)}/${seat}`], 1);
      });
    }
  }
});

describe('where URL does not follow the standard, everything is refused, and the log says what to set', () => {
  for (const dateAndFlags of REFUSED) {
    const name = nameOf(...dateAndFlags);
    for (const seat of SEATS) {
      test(`${name}: ${seat}`, async () => {
        lines.length = 0;
        assert.equal((await send(name, seat, good)).status, 500);
        // The log comes by a way of its own.
        await vi.waitFor(() => assert.lengthOf(lines, 1));
        assert.match(lines[0] ?? '', /set compatibility_date to 2022-10-31 or later, or the flag url_standard/);
      });
    }
  }
});

describe('endAtExpiry needs streams of one’s own', () => {
  test('an answer passes whole on compatibility dates that have them', async () => {
    for (const name of ['2022-11-30', COMPATIBILITY_DATE]) {
      assert.equal(await (await send(name, 'ending', good)).text(), 'a body');
    }
  });

  test('before 2022-11-30 it is refused, and the log says what to set', async () => {
    lines.length = 0;
    assert.equal((await send('2022-10-31', 'ending', good)).status, 500);
    await vi.waitFor(() => assert.match(lines[0] ?? '', /compatibility_date of 2022-11-30 or later/));
  });
});
