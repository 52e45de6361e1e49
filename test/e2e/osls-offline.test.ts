import { readFileSync } from 'node:fs';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { LAMBDAS, sizeOfLambda } from '../../scripts/bundle-lambda.ts';
import { OSLS_ENVIRONMENT, startOslsOffline } from '../../scripts/osls-offline.ts';
import { must, ROOT, tool } from '../../scripts/run.ts';
import { startStandIn } from '../../scripts/start/stand-in.ts';
import { HOST, makeKey, sign } from '../support/issuer.ts';
import { assertDoctorFindsNothing } from './doctor.ts';

const standIn = await startStandIn({});
const now = Math.floor(Date.now() / 1000);
const times = { iat: now, exp: now + 3600 };
const ASSERTION = 'x-pomerium-jwt-assertion';
const good = await sign(standIn.key, times);

const ENVIRONMENT = {
  POMERIUM_AUDIENCE: HOST,
  POMERIUM_JWKS_URL: standIn.jwksUrl(),
  POMERIUM_POLICY: JSON.stringify({ allow: { or: [{ domain: 'example.com' }] }, deny: { or: [{ user: 'u-denied' }] } }),
};

describe('serverless.yml, under osls offline', () => {
  let offline: Awaited<ReturnType<typeof startOslsOffline>>;
  beforeAll(async () => {
    offline = await startOslsOffline(ENVIRONMENT);
  });
  afterAll(async () => {
    await offline.stop();
    await standIn.close();
  });

  for (const [api, path] of [
    ['the HTTP API', '/http'],
    ['the REST API', '/rest'],
  ] as const) {
    const get = (headers: Record<string, string>) => fetch(offline.url + path, { headers });

    test(`${api}: who came through Pomerium gets in, and the function knows who it is`, async () => {
      const response = await get({ [ASSERTION]: good });
      assert.equal(response.status, 200);
      const context = (await response.json()) as Record<string, unknown>;
      assert.include(context, { subject: 'u-alice', email: 'alice@example.com', groups: '["g1","engineering"]' });
    });

    // osls offline gives a REST API's event the version that only HTTP APIs have, so refusals are policies there: 403. What
    // AWS answers is shown with AWS's own events, in test/adapters/aws-lambda.
    const none = api === 'the REST API' ? [403] : [401];
    const refused: [string, () => Promise<Record<string, string>>, number[]][] = [
      ['without an assertion', async () => ({}), none],
      ['expired', async () => ({ [ASSERTION]: await sign(standIn.key, { iat: now - 900, exp: now - 600 }) }), [403]],
      ['signed by a stranger', async () => ({ [ASSERTION]: await sign(await makeKey(), times) }), [403]],
      ['for another service', async () => ({ [ASSERTION]: await sign(standIn.key, { ...times, aud: 'x' }) }), [403]],
      ['with forged claims only', async () => ({ 'x-pomerium-claim-email': 'root@example.com' }), none],
    ];
    for (const [name, headers, statuses] of refused) {
      test(`${api}: ${name} is refused`, async () => {
        assert.include(statuses, (await get(await headers())).status);
      });
    }

    test(`${api}: the doctor finds nothing of ours`, async () => {
      // For an HTTP API the offline gateway hands on the last of two equal headers; AWS joins them with a comma, which is refused.
      const known = api === 'the HTTP API' ? ['the assertion twice'] : [];
      await assertDoctorFindsNothing(offline.url + path, standIn.key, { known });
    });

    test(`${api}: whom the policy denies gets a 403`, async () => {
      const denied = await sign(standIn.key, { ...times, sub: 'u-denied', user: 'u-denied' });
      assert.equal((await get({ [ASSERTION]: denied })).status, 403);
    });
  }
});

describe('osls package', () => {
  test('packs each function as one small file, and asks for no more than it needs', async () => {
    const output = await must(tool('osls'), ['package'], {
      capture: true,
      env: { ...OSLS_ENVIRONMENT, ...ENVIRONMENT },
    });
    assert.include(output, 'Service packaged');
    for (const name of LAMBDAS) console.info(`${name}.mjs: ${Math.round(sizeOfLambda(name) / 1000)} kB minified`);
    assert.isBelow(sizeOfLambda('authorizer'), 203_000);
  });

  test('gives each function the variables that it reads, and none that is not set', () => {
    const text = readFileSync(`${ROOT}.serverless/cloudformation-template-update-stack.json`, 'utf8');
    const { Resources } = JSON.parse(text);
    const namesOf = (name: string) =>
      Object.keys(Resources[`${name}LambdaFunction`].Properties.Environment?.Variables ?? {}).sort();
    const keys = ['POMERIUM_AUDIENCE', 'POMERIUM_JWKS_SSM', 'POMERIUM_JWKS_URL'];
    assert.deepEqual(namesOf('Authorizer'), [...keys, 'POMERIUM_POLICY']);
    assert.deepEqual(namesOf('Refresher'), keys);
    for (const name of ['HttpSample', 'RestSample', 'SocketSample']) assert.deepEqual(namesOf(name), []);
  });

  const printed = async (env: Record<string, string>) =>
    must(tool('osls'), ['print', '--format', 'json'], { capture: true, env: { ...OSLS_ENVIRONMENT, ...env } });

  test('takes routes in place of an audience, for the authorizer and for the refresher', async () => {
    const routes = {
      POMERIUM_ROUTES: JSON.stringify([{ from: `https://${HOST}`, to: 'http://app', policy: [] }]),
      POMERIUM_LIST_CLAIMS: 'roles',
      POMERIUM_LEAVE_TO_POMERIUM: 'source_ip',
    };
    const { functions } = JSON.parse(await printed(routes));
    for (const name of ['authorizer', 'refresher']) {
      const { POMERIUM_JWKS_SSM, ...environment } = functions[name].environment;
      assert.isString(POMERIUM_JWKS_SSM);
      assert.deepEqual(environment, routes);
    }
  });

  test('without either nothing is deployed', async () => {
    const failed = await printed({}).catch((error) => String(error));
    assert.match(failed, /Cannot resolve variable at "custom.audienceOrRoutes"/);
  });
});
