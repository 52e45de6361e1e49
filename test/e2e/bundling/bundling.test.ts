import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { must, ROOT, tool } from '../../../scripts/run.ts';
import { startSsm } from '../../adapters/aws-lambda/ssm-server.ts';
import { oldestNode } from '../../support/oldest-node.ts';
import { cdkBundling, documented, documentedSamBuild, webpackConfiguration } from './bundlers.ts';
import { assertDocumentedSize } from './documented-sizes.ts';
import { type Functions, startFunctions } from './functions.ts';
import { AUDIENCE, assertAnswers, type Kind } from './lambda-process.ts';
import { type Bundle, samBuild } from './sam-build.ts';

let functions: Functions;
beforeAll(async () => {
  functions = await startFunctions();
});
afterAll(() => functions.close());

/** As Lambda's NODE_PATH names the folder of its AWS SDK. */
const RUNTIME_MODULES = `${ROOT}node_modules`;

/** What is more than a bundler's word that it is done. */
const WARNING = /warn|error|unresolved|could not|critical/i;

async function bundleWith(bundle: Bundle): Promise<string> {
  assert.notMatch(await bundle(functions.folder), WARNING);
  return functions.takeOutput();
}

const rows: [name: string, bundle: Bundle, files: string[], kind?: Kind][] = [
  ['esbuild, ES modules', documented('esbuild authorizer.mjs'), ['authorizer.mjs', 'app.mjs']],
  ['esbuild, CommonJS', documented('esbuild authorizer.ts'), ['authorizer.js', 'app.js']],
  ['sam build, ES module', documentedSamBuild(), ['authorizer.mjs']],
  ['sam build, CommonJS', samBuild({ EntryPoints: ['authorizer.ts', 'app.js'] }), ['authorizer.js', 'app.js']],
  // As ES module: test/e2e/aws-examples.test.ts, by CDK itself.
  ['CDK NodejsFunction, CommonJS', cdkBundling('authorizer.ts'), ['index.js']],
  ['webpack, ES modules', webpackConfiguration(0), ['authorizer.mjs', 'app.mjs']],
  ['webpack, CommonJS', webpackConfiguration(1), ['app.js']],
  ['Rollup, ES module', documented('rollup authorizer.mjs'), ['authorizer.mjs']],
  ['Rollup, CommonJS', documented('rollup app.js'), ['app.js']],
  ['ncc, ES module', documented('ncc build authorizer.mjs'), ['index.mjs']],
  ['ncc, CommonJS', documented('ncc build app.js'), ['index.js'], 'app'],
];

const bundled = new Map<string, Promise<string>>();

/** Where the bundles of the row with this name are. */
function folderOf(name: string): Promise<string> {
  const [, bundle] = rows.find((row) => row[0] === name) ?? assert.fail(`${name} is no row`);
  const folder = bundled.get(name) ?? bundleWith(bundle);
  bundled.set(name, folder);
  return folder;
}

describe('what people bundle runs on its own', () => {
  for (const [name, , files, kind] of rows) {
    test(name, async () => {
      const folder = await folderOf(name);
      assert.includeMembers(readdirSync(folder), files);
      for (const file of files) {
        const text = readFileSync(join(folder, file), 'utf8');
        console.info(`${name}, ${file}: ${text.length} bytes, ${gzipSync(text).length} zipped`);
        assert.equal(
          text.includes('subtle.verify'),
          name.startsWith('Rollup'),
          'WebCrypto only where Node.js is not known',
        );
        assertAnswers(await functions.answersOf(join(folder, file), {}, kind && { kind }));
      }
    });
  }
});

test('the sizes are those of docs/aws-bundling.md, within a twentieth', async () => {
  for (const [row, name, file] of [
    ['the authorizer, esbuild as SAM runs it', 'sam build, ES module', 'authorizer.mjs'],
    ['the same, not minified', 'esbuild, ES modules', 'authorizer.mjs'],
    ['the function behind HTTP, by `import`', 'esbuild, ES modules', 'app.mjs'],
    ['the same, by `require()`', 'esbuild, CommonJS', 'app.js'],
  ] as const) {
    const bytes = readFileSync(join(await folderOf(name), file));
    assertDocumentedSize(row, bytes.length, gzipSync(bytes).length);
  }
});

describe('the AWS SDK', () => {
  const NAME = '/pomerium-edge/jwks';
  let ssm: Awaited<ReturnType<typeof startSsm>>;
  beforeAll(async () => {
    ssm = await startSsm();
    const env = { ...ssm.variables, POMERIUM_AUDIENCE: AUDIENCE, POMERIUM_JWKS_SSM: NAME };
    await functions.answersOf(`${ROOT}dist/lambda/refresher.mjs`, env);
  });
  afterAll(() => ssm.close());

  for (const [name, file] of [
    ['esbuild, ES modules', 'authorizer.mjs'],
    ['esbuild, CommonJS', 'authorizer.js'],
    ['webpack, ES modules', 'app.mjs'],
    ['webpack, CommonJS', 'app.js'],
  ] as const) {
    test(`${name}: taken from the runtime, and missed in a sentence`, async () => {
      const path = join(await folderOf(name), file);
      const env = { ...ssm.variables, POMERIUM_JWKS_SSM: NAME, POMERIUM_FETCH_KEYS: 'false' };
      const without = await functions.answersOf(path, env);
      assert.match(without.output, /@aws-sdk\/client-ssm cannot be loaded \(MODULE_NOT_FOUND\)\. Lambda's/);
      assert.isDefined(without.answers, 'it starts all the same');
      assert.notMatch(JSON.stringify(without.answers?.[0]), /"isAuthorized":true|"statusCode":200/);
      assertAnswers(await functions.answersOf(path, { ...env, NODE_PATH: RUNTIME_MODULES }));
    });
  }

  test('is in the bundle of who passes a client', async () => {
    functions.installSdk();
    const folder = await bundleWith(documented('esbuild with-sdk.mjs'));
    const reads = ssm.calls.length;
    assertAnswers(await functions.answersOf(join(folder, 'with-sdk.mjs'), ssm.variables));
    assert.isAbove(ssm.calls.length, reads);
  });
});

describe('CommonJS without a bundler', () => {
  const inProject = (file: string) => join(functions.folder, file);

  for (const [name, nodeOf] of [
    ['Node.js of the tool-chain', () => process.execPath],
    ['Node.js 20', oldestNode],
  ] as const) {
    test(`${name}, which cannot require an ES module: import() works, and require() says so`, async () => {
      const node = nodeOf();
      assertAnswers(await functions.answersOf(inProject('function.js'), {}, { node }));
      const required = await functions.answersOf(inProject('app.js'), {}, { node });
      assert.include(required.output, 'ERR_REQUIRE_ESM');
    });

    test(`${name}, which can: require() works`, async () => {
      assertAnswers(await functions.answersOf(inProject('app.js'), {}, { node: nodeOf(), flags: '' }));
    });
  }

  for (const [module, keepsImport] of [
    ['nodenext', true],
    ['commonjs', false],
  ] as const) {
    test(`TypeScript with module ${module} ${keepsImport ? 'keeps' : 'takes away'} import()`, async () => {
      const resolution = keepsImport ? [] : ['--moduleResolution', 'bundler'];
      const flags = [
        '--module',
        module,
        ...resolution,
        '--target',
        'es2022',
        '--types',
        '',
        '--outDir',
        `out-${module}`,
      ];
      await must(tool('tsc'), ['--strict', ...flags, 'typed.ts'], { cwd: functions.folder, capture: true });
      const compiled = await functions.answersOf(inProject(`out-${module}/typed.js`));
      if (keepsImport) assertAnswers(compiled);
      else assert.match(compiled.output, /require\(\) of ES Module .* not supported/);
    });
  }
});
