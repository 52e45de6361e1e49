import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { LAMBDA_BUNDLE, lambdaPath } from '../../../scripts/bundle-lambda.ts';
import { http2 } from '../../adapters/aws-lambda/events.ts';
import { HOST, jwks, makeKey, sign } from '../../support/issuer.ts';
import { startTlsOrigin } from '../../support/tls-origin.ts';
import { startEnvironment } from './runtime.ts';

export type Name = 'ours' | 'ours, keys in /tmp' | 'aws-jwt-verify' | 'jose' | 'nothing';

export interface ColdStart {
  /** Milliseconds from the start of the process until it asks for its first event. */
  readonly init: number;
  /** Milliseconds from the first event to its answer. */
  readonly first: number;
}

/** Authorizers that let the same request in, each in the same runtime client, and a Pomerium behind TLS that they ask for its keys. */
export interface ColdSetting {
  /** `limit`: what is done to the process between init and its first event. */
  start(name: Name, limit?: (pid: number) => void): Promise<ColdStart>;
  /** Bytes of what is deployed. */
  size(name: Name): number;
  close(): void;
}

/** `distance`: milliseconds to Pomerium and back. */
export async function makeColdSetting({ distance }: { distance: number }): Promise<ColdSetting> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
  const fileOf = (name: Name) => join(folder, `${name.split(',')[0]}.mjs`);
  cpSync(lambdaPath('authorizer'), fileOf('ours'));
  for (const name of ['aws-jwt-verify', 'jose', 'nothing'] as const) {
    await build({ ...LAMBDA_BUNDLE, entryPoints: [`bench/cold/with-${name}.ts`], outfile: fileOf(name) });
  }
  const key = await makeKey();
  const pomerium = await startTlsOrigin(folder, (_, response) => {
    const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=3600' };
    setTimeout(() => response.writeHead(200, headers).end(JSON.stringify(jwks(key))), distance);
  });
  const env = {
    POMERIUM_AUDIENCE: HOST,
    POMERIUM_JWKS_URL: pomerium.url,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    ...pomerium.variables,
  };
  const kept = mkdtempSync(join(folder, 'tmp-'));

  async function start(name: Name, limit = (_: number) => {}): Promise<ColdStart> {
    const now = Math.floor(Date.now() / 1000);
    const event = http2({ 'x-pomerium-jwt-assertion': await sign(key, { iat: now, exp: now + 300 }) });
    const TMPDIR = name === 'ours, keys in /tmp' ? kept : mkdtempSync(join(folder, 'tmp-'));
    const environment = await startEnvironment(fileOf(name), { ...env, TMPDIR });
    try {
      await environment.initialised;
      limit(environment.process.pid ?? 0);
      const { answer, init, duration } = await environment.invoke(event);
      const { isAuthorized } = Object(answer);
      if (isAuthorized !== true) throw new Error(`${name} lets nobody in:\n${environment.log()}`);
      return { init, first: duration };
    } finally {
      await environment.stop();
    }
  }

  // Brings the keys into /tmp.
  await start('ours, keys in /tmp');
  return {
    start,
    size: (name) => statSync(fileOf(name)).size,
    close() {
      pomerium.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
