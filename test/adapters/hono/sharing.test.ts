import { Hono } from 'hono';
import { createFactory } from 'hono/factory';
import { assert, describe, test } from 'vitest';
import { type IdentityVariables, type PomeriumOptions, pomerium } from '../../../adapters/hono/index.ts';
import { type PomeriumEvent, remoteKeys, staticKeys } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';

const now = Math.floor(Date.now() / 1000);
const current = { [ASSERTION]: await sign(key, { iat: now, exp: now + 300 }) };

/** What the app answers on each path, with these variables; and for each verified assertion, whether it was known. */
async function statusesOf(app: Pick<Hono, 'request'>, paths: readonly string[], variables: Record<string, string>) {
  const env = { ...variables, POMERIUM_LOG_SUBJECT: 'true' };
  const { result: statuses, lines } = await withConsoleLines(() =>
    withProcessEnvironment(env, async () => {
      const all: number[] = [];
      for (const path of paths) all.push((await app.request(path, { headers: current }, env)).status);
      return all;
    }),
  );
  return { statuses, cached: lines.map(({ line }) => JSON.parse(String(line)).cached) };
}

describe('eight apps with a pomerium() each, configured by the environment,', () => {
  const numbers = Array.from({ length: 8 }, (_, i) => i);
  const factory = createFactory<{ Variables: IdentityVariables }>({ initApp: (app) => void app.use(pomerium()) });
  const cases: [name: string, makeSubApp: () => Hono<{ Variables: IdentityVariables }>][] = [
    ['sub-apps', () => new Hono<{ Variables: IdentityVariables }>().use(pomerium())],
    ['apps of a factory', () => factory.createApp()],
  ];
  for (const [name, makeSubApp] of cases) {
    test(`${name}: ask for the keys once, and what one verified the others remember`, async () => {
      const origin = await Origin.start(jwksAnswer(jwks(key)));
      const variables = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
      const app = new Hono();
      const paths = numbers.map((i) => `/${i}`);
      for (const path of paths) {
        const subApp = makeSubApp().get('/', (c) => c.text(c.var.identity.subject));
        app.route(path, subApp);
      }
      const { statuses, cached } = await statusesOf(app, paths, variables);
      assert.deepEqual(
        statuses,
        numbers.map(() => 200),
      );
      assert.deepEqual(
        cached,
        numbers.map((i) => i > 0),
      );
      assert.equal(await origin.count(), 1);
    });
  }

  test('see what the environment says when each of them is asked first', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const variables = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
    const app = () => new Hono().use(pomerium()).get('/', (c) => c.text('in'));
    assert.deepEqual((await statusesOf(app(), ['/'], variables)).statuses, [200]);
    const other = { ...variables, POMERIUM_AUDIENCE: 'other.example.com' };
    assert.deepEqual((await statusesOf(app(), ['/'], other)).statuses, [401]);
    assert.deepEqual((await statusesOf(app(), ['/'], variables)).statuses, [200]);
  });
});

describe('options that are written down', () => {
  test('are read when the app is built: rules that are changed later do not count', async () => {
    const rules = () => [{ prefix: '/', access: 'authenticated' as 'authenticated' | 'public' }];
    const [ours, theirs] = [rules(), rules()];
    const given = { audience: HOST, keys: staticKeys(jwks(key)), log: false };
    const changed = new Hono().use(pomerium({ ...given, rules: ours })).get('/', (c) => c.text('in'));
    const other = new Hono().use(pomerium({ ...given, rules: theirs })).get('/', (c) => c.text('in'));
    for (const rule of ours) rule.access = 'public';
    for (const app of [changed, other]) assert.equal((await app.request('/')).status, 401);
  });

  const options: PomeriumOptions = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
  const appWith = (given: PomeriumOptions) => new Hono().use(pomerium(given)).get('/', (c) => c.text('in'));
  const ask = async (app: Pick<Hono, 'request'>) => (await app.request('/', { headers: SENDERS.alice })).status;

  test('are the same where they have the same content: what one verified the others remember', async () => {
    const cached: boolean[] = [];
    const onEvent = (event: PomeriumEvent) => {
      if (event.type === 'assertion_verified') cached.push(event.cached);
    };
    for (let i = 0; i < 3; i++) assert.equal(await ask(appWith({ ...options, onEvent })), 200);
    assert.deepEqual(cached, [false, true, true]);
  });

  test('have functions of their own', async () => {
    const seen: string[] = [];
    for (const name of ['first', 'second']) {
      const onRefused = () => new Response(name, { status: 418 });
      const app = appWith({ ...options, onRefused, onEvent: () => void seen.push(name) });
      assert.equal(await (await app.request('/')).text(), name);
    }
    assert.deepEqual(seen, ['first', 'second']);
  });

  test('have a clock and keys of their own', async () => {
    assert.equal(await ask(appWith({ ...options, now: () => NOW })), 200);
    assert.equal(await ask(appWith({ ...options, now: () => NOW + 3600 })), 401);
    assert.equal(await ask(appWith({ ...options, keys: staticKeys(jwks(await makeKey())) })), 401);
  });

  test('have a store of their own', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: origin.url };
    const asked: string[] = [];
    const setItem = () => {};
    for (const name of ['first', 'second']) {
      const getItem = () => {
        asked.push(name);
        return null;
      };
      const app = appWith({ store: { getItem, setItem } });
      const response = await withProcessEnvironment(env, () => app.request('/', { headers: current }, env));
      assert.equal(response.status, 200);
    }
    assert.includeMembers(asked, ['first', 'second']);
  });

  test('are read when the app is built: an audience that is changed later does not count', async () => {
    const given = { ...options, audience: HOST };
    const app = appWith(given);
    given.audience = 'other.example.com';
    assert.equal(await ask(app), 200);
    assert.equal(await ask(appWith(given)), 401);
  });
});

describe('without options about the log there is one line', () => {
  const down = async () => remoteKeys((await Origin.start({ status: 503 })).url);
  const cases: [name: string, options: () => Promise<PomeriumOptions> | PomeriumOptions, types: string[][]][] = [
    ['for a refusal', () => ({ keys: staticKeys(jwks(key)) }), [['assertion_refused'], ['assertion_refused']]],
    // The configuration is judged when the function is called.
    [
      'for a configuration that cannot work',
      () => ({ clockTolerance: -1 }),
      [['invalid_configuration'], ['invalid_configuration']],
    ],
    [
      'for keys that cannot be had, and one for each who is refused for that',
      async () => ({ keys: await down() }),
      [['keys_refresh_failed', 'assertion_refused'], ['assertion_refused']],
    ],
  ];
  for (const [name, makeOptions, types] of cases) {
    test(name, async () => {
      const given: PomeriumOptions = { audience: HOST, now: () => NOW + 3600, ...(await makeOptions()) };
      const app = new Hono().use(pomerium(() => given));
      for (const expected of types) {
        const { lines } = await withConsoleLines(async () => app.request('/', { headers: SENDERS.alice }));
        assert.deepEqual(
          lines.map(({ line }) => JSON.parse(String(line)).type),
          expected,
        );
      }
    });
  }
});
