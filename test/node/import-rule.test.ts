import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, assert, describe, test } from 'vitest';
import { ROOT, tool } from '../../scripts/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
const { $schema, vcs, ...config } = JSON.parse(readFileSync(`${ROOT}biome.json`, 'utf8'));
writeFileSync(join(folder, 'biome.json'), JSON.stringify(config));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Whether our linter's configuration lets the file import this. */
async function isAllowed(file: string, specifier: string): Promise<boolean> {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `import * as it from '${specifier}';\nexport const x = it;\n`);
  const { stdout } = await promisify(execFile)(tool('biome'), ['lint', '--reporter=json', path], { cwd: folder }).catch(
    (e) => e,
  );
  return !String(stdout).includes('noRestrictedImports');
}

describe('who may import whom, as the linter has it', () => {
  const cases: [string, string, boolean][] = [
    ['core/keys/x.ts', './jwk.ts', true],
    ['core/keys/x.ts', '../errors.ts', true],
    ['core/keys/x.ts', 'jose', false],
    ['core/keys/x.ts', 'jose/key/import', true],
    ['core/keys/x.ts', '#signature', true],
    ['core/keys/x.ts', 'node:crypto', false],
    ['core/keys/x.ts', 'hono', false],
    ['core/keys/x.ts', '../../adapters/cloudflare/index.ts', false],
    ['core/x.ts', '../adapters/cloudflare/index.ts', false],
    ['core/x.ts', '../test/support/issuer.ts', false],
    ['core/signature/node.ts', 'node:crypto', true],
    ['adapters/cloudflare/x.ts', '../../core/adapter.ts', true],
    ['adapters/cloudflare/x.ts', '../../core/index.ts', false],
    ['adapters/cloudflare/x.ts', './guard.ts', true],
    ['adapters/cloudflare/x.ts', 'cloudflare:workers', true],
    ['adapters/cloudflare/x.ts', '../../core/claims.ts', false],
    ['adapters/cloudflare/x.ts', '../hono/index.ts', false],
    ['adapters/cloudflare/x.ts', '#entrypoint-base', true],
    ['adapters/cloudflare/x.ts', 'node:fs', false],
    ['adapters/hono/x.ts', '../../core/adapter.ts', true],
    ['adapters/hono/x.ts', '../../core/index.ts', false],
    ['adapters/hono/x.ts', 'hono/factory', true],
    ['adapters/hono/x.ts', '../cloudflare/index.ts', false],
    ['adapters/hono/x.ts', 'node:fs', false],
    ['adapters/aws-lambda/x.ts', 'node:crypto', true],
    ['adapters/aws-lambda/x.ts', '@aws-sdk/client-ssm', true],
    ['adapters/aws-lambda/x.ts', '../hono/index.ts', false],
    ['adapters/aws-lambda/x.ts', 'hono', false],
    ['adapters/cloudflare/x.ts', 'jose', false],
    ['adapters/vercel/x.ts', '../../core/adapter.ts', true],
    ['adapters/vercel/x.ts', '../../core/index.ts', false],
    ['adapters/vercel/x.ts', '@vercel/edge-config', true],
    ['adapters/vercel/x.ts', '@vercel/functions', false],
    ['adapters/vercel/x.ts', '../next/proxy.ts', false],
    ['adapters/vercel/x.ts', 'next/server.js', false],
    ['adapters/node/x.ts', '../../core/adapter.ts', true],
    ['adapters/node/x.ts', '../../core/index.ts', false],
    ['adapters/node/x.ts', 'node:http', true],
    ['adapters/node/x.ts', 'express', false],
    ['adapters/node/x.ts', '../hono/index.ts', false],
    ['adapters/next/x.ts', 'next/headers.js', true],
    ['adapters/next/x.ts', 'react', true],
    ['adapters/next/x.ts', '../vercel/middleware.ts', true],
    ['adapters/next/x.ts', '../hono/index.ts', false],
    ['adapters/next/x.ts', '@vercel/edge-config', false],
    ['adapters/react/x.ts', 'react', true],
    ['adapters/react/x.ts', '../../core/pomerium-urls.ts', true],
    ['adapters/react/x.ts', '../../core/adapter.ts', false],
    ['adapters/react/x.ts', '../../core/verifier.ts', false],
    ['adapters/react/x.ts', 'next/navigation.js', false],
    ['adapters/react/x.ts', '../next/identity.ts', false],
    ['testing/x.ts', '../core/base64url.ts', true],
    ['testing/x.ts', 'node:http', true],
    ['testing/x.ts', 'jose', true],
    ['testing/x.ts', 'hono', false],
    ['testing/x.ts', '../cli/output.ts', false],
    ['inspector/x.ts', '../core/claims.ts', true],
    ['inspector/x.ts', 'jose', true],
    ['inspector/x.ts', '../adapters/hono/index.ts', false],
    ['cli/x.ts', '../core/claims.ts', true],
    ['cli/x.ts', '../testing/issuer.ts', true],
    ['cli/x.ts', 'commander', true],
    ['cli/x.ts', 'jose', true],
    ['cli/x.ts', 'hono', false],
    ['cli/x.ts', '../adapters/hono/index.ts', false],
    ['core/x.ts', '../cli/output.ts', false],
    ['adapters/hono/x.ts', '../../cli/output.ts', false],
  ];
  for (const [file, specifier, allowed] of cases) {
    test(`${file} ${allowed ? 'may' : 'may not'} import ${specifier}`, async () => {
      assert.equal(await isAllowed(file, specifier), allowed);
    });
  }
});

describe('what tests, scripts and benchmarks share is in test/support and scripts/', () => {
  /** The relative imports of the TypeScript files in a folder, as paths from the root. */
  function importsFrom(room: string): string[] {
    const files = globSync(`${room}/**/*.ts`, { cwd: ROOT, exclude: ['**/node_modules/**', '**/.*/**'] });
    return files.flatMap((file) => {
      const specifiers = readFileSync(ROOT + file, 'utf8').matchAll(/(?:from|import\() ?'(\.[^']*)'/g);
      return Array.from(specifiers, ([, specifier = '']) => join(dirname(file), specifier));
    });
  }
  const ROOMS = /^(?:test|scripts|bench)\//;
  const cases: [room: string, allowed: RegExp][] = [
    ['test/support', /^(?:test\/(?:support|vectors)|scripts)\//],
    ['test/core', /^test\/(?:core|support|vectors)\//],
    ['test', /^(?:test|scripts)\//],
    ['scripts', /^(?:scripts|bench|test\/(?:support|harness|simulation|fuzz))\//],
    ['bench', /^(?:bench|scripts|test\/(?:support|simulation|e2e\/lambda))\//],
  ];
  for (const [room, allowed] of cases) {
    test(`${room}/ imports of these only ${allowed.source.replaceAll(/[\\^]|\?:/g, '')}`, () => {
      const paths = importsFrom(room).filter((path) => ROOMS.test(path));
      assert.isNotEmpty(paths);
      assert.deepEqual(
        paths.filter((path) => !allowed.test(path)),
        [],
      );
    });
  }
});
