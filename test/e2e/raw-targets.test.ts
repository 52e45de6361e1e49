import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { ROOT, tool } from '../../scripts/run.ts';
import { HOST, jwks } from '../support/issuer.ts';
import { key, testTargets } from './raw-targets-cases.ts';
import { startWorkers, type Workers } from './workers.ts';

const ENVIRONMENT = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)) };
const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The app of raw-targets-app.ts with `main`, which starts it, in one module. */
async function bundleApp(main: string, engine: 'node' | 'web'): Promise<string> {
  const result = await build({
    stdin: { contents: main, resolveDir: `${ROOT}test/e2e`, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['node:*', 'cloudflare:*'],
    alias: {
      '#signature': `${ROOT}core/signature/${engine}.ts`,
      '#entrypoint-base': `${ROOT}adapters/cloudflare/entrypoint-base/${engine === 'web' ? 'workerd' : 'none'}.ts`,
    },
    logLevel: 'warning',
  });
  return result.outputFiles[0]?.text ?? '';
}

const servers: [name: string, command: string, args: string[], main: string][] = [
  [
    'Deno',
    tool('deno'),
    ['run', '--allow-all', '--no-lock', '--no-config'],
    `Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => console.log('port', port) }, app.fetch);`,
  ],
  [
    'Bun',
    tool('bun'),
    ['run'],
    `console.log('port', Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch }).port);`,
  ],
  [
    '@hono/node-server',
    process.execPath,
    [],
    `import { serve } from '@hono/node-server';
serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch }, ({ port }) => console.log('port', port));`,
  ],
];
for (const [name, command, args, main] of servers) {
  describe(`targets as they are sent, on ${name}`, () => {
    let server: Running;
    let url: string;
    beforeAll(async () => {
      const file = join(folder, `${name.replace(/\W/g, '')}.mjs`);
      writeFileSync(file, await bundleApp(`import { app } from './raw-targets-app.ts';\n${main}`, 'node'));
      server = startProcess(command, [...args, file], { cwd: folder, env: ENVIRONMENT });
      url = `http://127.0.0.1:${await server.printed(/port (\d+)/)}`;
    });
    afterAll(() => server.stop());
    testTargets(() => url);
  });
}

describe('targets as they are sent, on Workers', () => {
  let workers: Workers;
  beforeAll(async () => {
    const main = `export { default, upstream } from './raw-targets-app.ts';`;
    workers = await startWorkers(await bundleApp(main, 'web'), 1, {
      bindings: ENVIRONMENT,
      serviceBindings: { POMERIUM_UPSTREAM: { name: 'isolate-0', entrypoint: 'upstream' } },
    });
  });
  afterAll(() => workers.miniflare.dispose());
  for (const gate of ['Hono', 'withPomerium', 'guard']) {
    describe(gate, () => testTargets(() => workers.urls[0] ?? '', [['x-gate', gate]]));
  }
});
