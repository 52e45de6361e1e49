import { convertV4MiniflareOptions, kCurrentWorker, Miniflare } from 'miniflare';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker, COMPATIBILITY_DATE } from '../../scripts/bundle-worker.ts';
import { must, ROOT, tool } from '../../scripts/run.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { HOST } from '../support/issuer.ts';

const FOLDER = 'test/e2e/workers-shapes';
const ENTRYPOINTS = [
  'default',
  'Entry',
  'FetchInField',
  'FetchInSubclass',
  'FieldBehind',
  'toEntrypoint',
  'toProps',
  'toRoom',
  'toUrl',
  'toNothing',
  'toRoute',
  'throughAuth',
  'wrappedEnv',
];

const issuer = await createTestIssuer({ host: HOST });
const alice = { 'x-pomerium-jwt-assertion': await issuer.sign() };
let server: Awaited<ReturnType<typeof issuer.serve>>;
let miniflare: Miniflare;

beforeAll(async () => {
  server = await issuer.serve();
  const { code } = await bundleWorker({ entry: `${FOLDER}/index.ts`, config: `${FOLDER}/wrangler.jsonc` });
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      compatibilityDate: COMPATIBILITY_DATE,
      compatibilityFlags: ['no_nodejs_compat'],
      modules: [{ type: 'ESModule', path: 'worker.js', contents: code }],
      bindings: { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: server.jwksUrl },
      durableObjects: { ROOM: { className: 'Room', useSQLite: true } },
      serviceBindings: { AUTH: { name: kCurrentWorker, entrypoint: 'PomeriumAuth' } },
      unsafeDirectSockets: ENTRYPOINTS.map((entrypoint) => ({ host: '127.0.0.1', port: 0, entrypoint })),
    }),
  );
});
afterAll(async () => {
  await miniflare.dispose();
  await server.close();
});

/** What an entrypoint was told. */
interface Told {
  readonly email: string;
  readonly body: string;
  readonly props: { readonly identity: { readonly user: string } };
}

/** What else a Worker can be called for. */
interface Events {
  scheduled(event: { cron: string }): Promise<unknown>;
  queue(name: string, messages: readonly object[]): Promise<unknown>;
}

async function send(entrypoint: string, headers: Record<string, string> = {}, body?: string): Promise<Response> {
  const url = await miniflare.unsafeGetDirectURL(undefined, entrypoint);
  return fetch(`${url.origin}/x`, { headers, ...(body !== undefined && { method: 'POST', body }) });
}

describe('every shape of a Worker', () => {
  for (const entrypoint of ENTRYPOINTS.filter((one) => one !== 'FetchInField')) {
    test(`${entrypoint} refuses what came around Pomerium`, async () => {
      assert.equal((await send(entrypoint)).status, 401);
    });
  }

  test('an instance of a class keeps its state and its other handlers', async () => {
    const worker = (await miniflare.getWorker()) as unknown as Events;
    await worker.scheduled({ cron: '* * * * *' });
    await worker.queue('jobs', [{ id: '1', timestamp: new Date(), body: 'a job', attempts: 1 }]);
    assert.deepEqual(await (await send('default', alice)).json(), {
      pathname: '/x',
      audience: HOST,
      user: 'u-alice',
      events: ['* * * * *', 'a job'],
    });
  });

  const TOLD: [entrypoint: string, props: unknown, user: string | null][] = [
    ['Entry', {}, 'u-alice'],
    ['FetchInSubclass', 'a subclass', 'u-alice'],
    ['FieldBehind', 'a field of its own', 'u-alice'],
    // Another entrypoint gets another request, and so the identity by headers or props.
    ['toRoom', 'a room', null],
  ];
  for (const [entrypoint, props, user] of TOLD) {
    test(`${entrypoint} is told who came, with the body`, async () => {
      for (const body of ['one', 'two']) {
        const told = (await (await send(entrypoint, alice, body)).json()) as object;
        assert.deepEqual(told, { user, email: user ? null : 'alice@example.com', props, body });
      }
    });
  }

  test('a field that would stand before the gate is an error, whoever asks', async () => {
    for (const headers of [undefined, alice]) assert.equal((await send('FetchInField', headers)).status, 500);
  });

  for (const entrypoint of ['toEntrypoint', 'toProps']) {
    test(`${entrypoint} hands the identity on as props, and by headers`, async () => {
      for (const body of ['one', 'two']) {
        const told = (await (await send(entrypoint, alice, body)).json()) as Told;
        assert.equal(told.props.identity.user, 'u-alice');
        assert.include(told, { email: 'alice@example.com', body });
      }
    });
  }

  test('an upstream that leads back to the guard is a 508, and is asked once', async () => {
    assert.equal((await send('toRoute', alice)).status, 508);
    const { href } = await miniflare.unsafeGetDirectURL(undefined, 'toUrl');
    const looped = await send('toUrl', { ...alice, 'x-upstream': href });
    assert.equal(looped.status, 508);
    assert.equal(looped.headers.get('content-type'), 'application/problem+json');
  });

  test('an upstream that is none is a 500', async () => {
    assert.include(await (await send('toNothing', alice)).json(), { code: 'invalid_configuration' });
  });

  test('verifyThrough leaves the body where it is', async () => {
    assert.deepEqual(await (await send('throughAuth', alice, 'a body')).json(), { user: 'u-alice', body: 'a body' });
  });

  test('of all of them, with a new env for each request, too, the keys were fetched once', async () => {
    for (let i = 0; i < 3; i++) assert.equal(await (await send('wrappedEnv', alice)).json(), 'u-alice');
    assert.equal(server.hits, 1);
  });
});

describe('the types of a project that wrangler types', () => {
  beforeAll(() => must(tool('wrangler'), ['types'], { cwd: `${ROOT}${FOLDER}`, capture: true }));
  const COMPILERS = { 'TypeScript 7': 'node_modules', 'TypeScript 5.9': 'toolchain/workers/node_modules' };
  for (const [name, modules] of Object.entries(COMPILERS)) {
    test(`fit all of these, under ${name}`, async () => {
      await must(process.execPath, [`${ROOT}${modules}/typescript/bin/tsc`, '-p', `${ROOT}${FOLDER}`], {
        capture: true,
      });
    });
  }
});
