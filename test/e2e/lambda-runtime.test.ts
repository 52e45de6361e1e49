import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { LAMBDA_BUNDLE, lambdaPath } from '../../scripts/bundle-lambda.ts';
import { serve } from '../../scripts/start/server.ts';
import { http2 } from '../adapters/aws-lambda/events.ts';
import { HOST, jwks, makeKey, sign } from '../support/issuer.ts';
import { startEnvironment } from './lambda/runtime.ts';

const HOUR = 3600;
const key = await makeKey();
const ASSERTION = 'x-pomerium-jwt-assertion';
const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
let hits = 0;
let distance = 0;
const pomerium = await serve(async (_, response) => {
  hits += 1;
  await new Promise((resolve) => setTimeout(resolve, distance));
  response.writeHead(200, { 'cache-control': 'max-age=60' }).end(JSON.stringify(jwks(key)));
});
const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: pomerium.url, POWERTOOLS_LOG_LEVEL: 'SILENT' };
afterAll(async () => {
  await pomerium.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An assertion as Pomerium signs it so many seconds from now. */
async function eventAt(seconds: number) {
  const now = Math.floor(Date.now() / 1000) + seconds;
  return http2({ [ASSERTION]: await sign(key, { iat: now, exp: now + 300 }) });
}

describe('the deployed authorizer, behind Lambda’s Runtime API', () => {
  test('answers 1,000 events, is frozen for an hour in between, finds its connections dead, and refuses no good one', async () => {
    const TMPDIR = mkdtempSync(join(folder, 'tmp-'));
    const environment = await startEnvironment(lambdaPath('authorizer'), { ...env, TMPDIR });
    try {
      await environment.initialised;
      assert.equal(hits, 1, 'the keys are there before the first event');
      for (let i = 0; i < 500; i++) {
        assert.include((await environment.invoke(await eventAt(0))).answer, { isAuthorized: true });
      }
      assert.equal(hits, 1);
      environment.process.kill('SIGSTOP');
      pomerium.drop();
      environment.process.kill('SIGCONT');
      const later = { offset: HOUR * 1000 };
      for (let i = 0; i < 500; i++) {
        assert.include((await environment.invoke(await eventAt(HOUR), later)).answer, { isAuthorized: true });
      }
      assert.equal(hits, 2);
      const { answer } = await environment.invoke(await eventAt(0), later);
      assert.deepInclude(answer, { isAuthorized: false, context: { code: 'expired' } });
    } finally {
      await environment.stop();
    }
  });

  test('a new environment of the same /tmp asks nobody', async () => {
    const TMPDIR = mkdtempSync(join(folder, 'tmp-'));
    const first = await startEnvironment(lambdaPath('authorizer'), { ...env, TMPDIR });
    await first.initialised;
    await first.stop();
    const before = hits;
    const second = await startEnvironment(lambdaPath('authorizer'), { ...env, TMPDIR });
    try {
      assert.include((await second.invoke(await eventAt(0))).answer, { isAuthorized: true });
      assert.equal(hits, before);
    } finally {
      await second.stop();
    }
  });

  test('an event that is not an authorizer’s is an error, and the function goes on', async () => {
    const environment = await startEnvironment(lambdaPath('authorizer'), env);
    try {
      assert.match((await environment.invoke({ Records: [] })).error?.errorMessage ?? '', /not an authorizer's/);
      assert.include((await environment.invoke(await eventAt(0))).answer, { isAuthorized: true });
    } finally {
      await environment.stop();
    }
  });
});

describe('cold start, from the start of the process to the first answer', () => {
  const files = { ours: join(folder, 'authorizer.mjs'), peer: join(folder, 'peer.mjs') };
  const TMPDIR = mkdtempSync(join(folder, 'tmp-'));
  beforeAll(async () => {
    await build({ ...LAMBDA_BUNDLE, entryPoints: ['test/e2e/lambda/with-aws-jwt-verify.ts'], outfile: files.peer });
    cpSync(lambdaPath('authorizer'), files.ours);
  });

  async function coldStart(file: string): Promise<number> {
    const event = await eventAt(0);
    const started = performance.now();
    const environment = await startEnvironment(file, { ...env, TMPDIR });
    try {
      assert.include((await environment.invoke(event)).answer, { isAuthorized: true });
      return performance.now() - started;
    } finally {
      await environment.stop();
    }
  }

  /**
   * Both pay for Node.js and Powertools, three quarters of all; ours finds its keys in /tmp. Pomerium is 10 ms away here: a
   * connection, its TLS and the request are three times that. The machine has slow and fast moments, so each pair is
   * measured side by side, and the median pair counts.
   */
  test('takes at most a tenth longer than the same function written with aws-jwt-verify', async () => {
    distance = 30;
    const ratios: number[] = [];
    for (let i = 0; i < 31; i++) ratios.push((await coldStart(files.ours)) / (await coldStart(files.peer)));
    const median = ratios.sort((one, other) => one - other)[15] ?? Number.NaN;
    console.info(`cold start: ${median.toFixed(2)} of the same function with aws-jwt-verify`);
    assert.isAtMost(median, 1.1);
  });
});
