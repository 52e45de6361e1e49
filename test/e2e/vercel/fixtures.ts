import { afterAll, assert, beforeAll, test } from 'vitest';
import { liveScenarios } from '../../../scripts/start/live.ts';
import { startStandIn } from '../../../scripts/start/stand-in.ts';
import { HOST, jwks, sign } from '../../support/issuer.ts';
import { startOrigin } from '../../support/origin-server.ts';
import { sendRaw } from '../raw-request.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';

const standIn = await startStandIn({});
const origin = await startOrigin();
afterAll(async () => {
  await Promise.all([standIn.close(), origin.close()]);
});

export const { key } = standIn;
const now = Math.floor(Date.now() / 1000);

/** A header with an assertion that holds for an hour. */
async function signed(claims = {}): Promise<[string, string]> {
  return [ASSERTION, await sign(key, { iat: now, exp: now + 3600, ...claims })];
}

export const alice = await signed();
const admin = await signed({ groups: ['admins'] });

/** Variables with a JWKS URL of their own, and how often that was asked. */
export async function makeEnvironment(): Promise<{ env: Record<string, string>; hits(): Promise<number> }> {
  const id = crypto.randomUUID();
  const steps = [{ body: JSON.stringify(jwks(key)), headers: { 'cache-control': 'max-age=60' } }];
  await fetch(`${origin.url}/scripts/${id}`, { method: 'PUT', body: JSON.stringify(steps) });
  return {
    env: { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: `${origin.url}/jwks/${id}` },
    hits: async () => ((await (await fetch(`${origin.url}/scripts/${id}`)).json()) as unknown[]).length,
  };
}

export interface Server {
  readonly url: string;
  close(): Promise<unknown>;
}

/** What the middleware of `examples/vercel` does wherever it runs. `start`: a server with these variables. */
export function testMiddleware(start: (env: Record<string, string>) => Promise<Server>): void {
  let server: Server;
  beforeAll(async () => {
    server = await start((await makeEnvironment()).env);
  });
  afterAll(() => server.close());
  const send = (path: string, ...lines: [string, string][]) => sendRaw(server.url, path, lines);

  test('lets who came through Pomerium on, with what was verified alone', async () => {
    const { status, headers } = await send('/x', alice, ['X-Pomerium-Claim-Email', 'forged'], ['X-Kept', '1']);
    assert.equal(status, 200);
    assert.equal(headers['x-middleware-next'], '1');
    assert.equal(headers[`x-middleware-request-${ASSERTION}`], alice[1]);
    assert.equal(headers['x-middleware-request-x-kept'], '1');
    assert.notInclude(JSON.stringify(headers), 'forged');
  });

  test('refuses every bad assertion, with its code', async () => {
    for (const { name, headers, expect, guard } of await liveScenarios(key)) {
      // The Node.js servers that stand before middleware here take no more than 16 KiB of headers.
      if (guard.policy || expect === 'valid' || headers.flat().join('').length > 16_000) continue;
      const answer = await sendRaw(server.url, '/x', headers);
      assert.equal(answer.status, 401, name);
      assert.include(expect.split('|'), JSON.parse(answer.body).code, name);
      assert.notProperty(answer.headers, 'x-middleware-next', name);
    }
  });

  test('heeds its rules in each spelling that Vercel serves, and gives browsers a page', async () => {
    assert.equal((await send('/status')).headers['x-middleware-next'], '1');
    for (const path of [
      '/admin',
      '/admin/',
      '/admin.ts',
      '/admin.html',
      '/admin.data',
      '/admin.segments/_full.segment',
    ]) {
      assert.equal((await send(path, alice)).status, 403, path);
      assert.equal((await send(path, admin)).status, 200, path);
    }
    assert.include((await send('/', ['Accept', 'text/html'])).body, '<h1>Please sign in</h1>');
  });
}

/** What it does with no variable set. */
export function testUnconfigured(start: (env: Record<string, string>) => Promise<Server>): void {
  test('without a configuration refuses everything, public paths, too', async () => {
    const broken = await start({});
    try {
      for (const lines of [[], [alice]]) {
        const { status, body } = await sendRaw(broken.url, '/status', lines);
        assert.equal(status, 500);
        assert.include(JSON.parse(body), { code: 'invalid_configuration' });
      }
    } finally {
      await broken.close();
    }
  });
}
