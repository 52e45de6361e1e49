import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SSM } from '@aws-sdk/client-ssm';
import { afterAll, assert, describe, test, vi } from 'vitest';
import { createAuthorizer, createRefresher, ssmStore } from '../../../adapters/aws-lambda/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { http2 } from './events.ts';
import { withVariables } from './process.ts';
import { startSsm } from './ssm-server.ts';

const key = await makeKey();
const event = http2({ 'x-pomerium-jwt-assertion': await sign(key) });
const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
const ssm = await startSsm();
const name = '/pomerium-edge/jwks';
const options = { audience: HOST, now: () => NOW, log: false };
afterAll(async () => {
  await ssm.close();
  rmSync(folder, { recursive: true, force: true });
});

/** In a folder from which no SDK is found. */
async function withoutSdk(run: () => Promise<void>): Promise<void> {
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder);
  try {
    await run();
  } finally {
    cwd.mockRestore();
  }
}

describe('where the AWS SDK is not found', () => {
  test('a client with the methods of the SDK’s SSM is all it takes', async () => {
    const client = new SSM({
      endpoint: ssm.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    });
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    await withVariables({ POMERIUM_JWKS_URL: origin.url }, () =>
      withoutSdk(async () => {
        await createRefresher({ audience: HOST, name, client, now: () => NOW })();
        const authorize = createAuthorizer({ ...options, store: ssmStore({ name, client }), fetchKeys: false });
        assert.include(await authorize(event), { isAuthorized: true });
      }),
    );
    assert.deepEqual([...new Set(ssm.calls)], ['GetParameter', 'PutParameter']);
    client.destroy();
  });

  test('the event says what to do, and Pomerium is asked', async () => {
    const messages: string[] = [];
    const onEvent = (one: { type: string; message?: string }) =>
      void (one.type === 'store_failed' && messages.push(one.message ?? ''));
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    await withVariables({ POMERIUM_JWKS_URL: origin.url }, () =>
      withoutSdk(async () => {
        const authorize = createAuthorizer({ ...options, store: ssmStore({ name }), onEvent });
        assert.include(await authorize(event), { isAuthorized: true });
      }),
    );
    assert.deepEqual(messages, [
      "@aws-sdk/client-ssm cannot be loaded (MODULE_NOT_FOUND). Lambda's Node.js runtimes bring it along; elsewhere install it, or pass client to ssmStore.",
    ]);
  });
});
