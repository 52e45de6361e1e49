import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, assert, beforeEach, describe, test } from 'vitest';
import { howToStart } from '../../cli/dev/variables.ts';
import { createTestIssuer } from '../../testing/index.ts';

const issuer = await createTestIssuer();
const TO = 'http://127.0.0.1:3000';
const AUDIENCE = 'POMERIUM_AUDIENCE=app.corp.example.com';
const KEYS = 'http://127.0.0.1:8000/.well-known/pomerium/jwks.json';
const JWKS_URL = `POMERIUM_JWKS_URL=${KEYS}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const read = (to = TO) => howToStart(folder, KEYS, { issuer, to });

const WORKER = { 'wrangler.jsonc': '{ "main": "src/index.ts" }' };
const PLUGIN = { 'vite.config.ts': "import { cloudflare } from '@cloudflare/vite-plugin';" };

describe('pomerium-edge dev says where the variables go', () => {
  const files: [name: string, files: Record<string, string>, command: string, file: string][] = [
    ['a Worker', WORKER, 'npx wrangler dev', '.dev.vars'],
    ['a Worker of wrangler.toml', { 'wrangler.toml': 'main = "index.ts"' }, 'npx wrangler dev', '.dev.vars'],
    ['a Worker of wrangler.json', { 'wrangler.json': '{}' }, 'npx wrangler dev', '.dev.vars'],
    [
      'a Worker with a script',
      { ...WORKER, 'package.json': '{"scripts":{"dev":"wrangler dev"}}' },
      'npm run dev',
      '.dev.vars',
    ],
    ['a Worker that has .env', { ...WORKER, '.env': 'A=1' }, 'npx wrangler dev', '.env.local'],
    ['a Worker that has both', { ...WORKER, '.env': 'A=1', '.dev.vars': 'B=1' }, 'npx wrangler dev', '.dev.vars'],
    ['a Worker with a folder of functions', { ...WORKER, 'functions/a.ts': '' }, 'npx wrangler dev', '.dev.vars'],
    ['Pages', { 'wrangler.jsonc': '{ "pages_build_output_dir": "public" }' }, 'npx wrangler pages dev', '.dev.vars'],
    ['Pages without a configuration', { 'functions/_middleware.ts': '' }, 'npx wrangler pages dev FOLDER', '.dev.vars'],
    ['Cloudflare’s Vite plugin', { ...WORKER, ...PLUGIN }, 'npx vite dev', '.dev.vars'],
    ['Astro', { 'astro.config.mjs': "import cloudflare from '@astrojs/cloudflare'" }, 'npx astro dev', '.dev.vars'],
    ['Next.js', { 'next.config.ts': '' }, 'npx next dev', '.env.local'],
    ['Next.js on Cloudflare', { 'next.config.mjs': '', ...WORKER }, 'npx next dev', '.env.local'],
    ['Vercel', { 'vercel.json': '{}' }, 'npx vercel dev', '.env.local'],
    [
      'a Worker beside its guard',
      {
        'wrangler.jsonc': '{}',
        'guard/wrangler.jsonc': '{ "vars": { "POMERIUM_AUDIENCE": "" } }',
        'package.json': '{"scripts":{"dev":"wrangler dev -c wrangler.jsonc -c guard/wrangler.jsonc"}}',
      },
      'npm run dev',
      'guard/.dev.vars',
    ],
    [
      'a Worker whose configuration is elsewhere',
      {
        'worker/wrangler.toml': '',
        'package.json': '{"scripts":{"dev":"wrangler dev --config=worker/wrangler.toml"}}',
      },
      'npm run dev',
      'worker/.dev.vars',
    ],
    [
      'a plugin whose configuration is elsewhere',
      {
        'vite.config.ts':
          "import { cloudflare } from '@cloudflare/vite-plugin'; cloudflare({ configPath: './api/wrangler.json' })",
        'api/wrangler.json': '{}',
        'api/.env': 'A=1',
      },
      'npx vite dev',
      'api/.env.local',
    ],
    [
      'a named configuration that is not there',
      { ...WORKER, 'package.json': '{"scripts":{"dev":"wrangler dev -c no.toml"}}' },
      'npm run dev',
      '.dev.vars',
    ],
  ];
  for (const [name, content, command, file] of files) {
    test(`${name}: ${file}, with ${command}`, () => {
      write(content);
      const [first = '', ...rest] = read();
      assert.match(first, new RegExp(`^Start the app at ${TO} with "${command}" and, in ${file}( \\(.*\\))?:$`));
      assert.deepEqual(rest.slice(0, 2), [`  ${AUDIENCE}`, `  ${JWKS_URL}`]);
    });
  }

  const PORTS: [script: string | undefined, command: string][] = [
    [undefined, 'npx next dev -p 4000'],
    ['next dev', 'npm run dev -- -p 4000'],
    ['next dev -p 4000', 'npm run dev'],
    ['next dev --port=4000', 'npm run dev'],
  ];
  for (const [dev, command] of PORTS) {
    test(`Next.js, ${dev ?? 'without a script'}: where it has to listen`, () => {
      write({ 'next.config.ts': '', ...(dev && { 'package.json': JSON.stringify({ scripts: { dev } }) }) });
      assert.include(read('http://127.0.0.1:4000')[0], `"${command}" and`);
    });
  }

  test('the configuration that Wrangler takes, where there are several', () => {
    write({ 'wrangler.toml': '', 'wrangler.jsonc': '{}' });
    assert.include(read()[0], 'beside wrangler.jsonc');
    write({ 'wrangler.json': '{}' });
    assert.include(read()[0], 'beside wrangler.json:');
  });

  test('Wrangler and its plugin: that variables of the process are no bindings', () => {
    for (const more of [{}, PLUGIN, { 'wrangler.jsonc': '{ "pages_build_output_dir": "public" }' }]) {
      write({ ...WORKER, ...more });
      assert.include(read()[0], 'variables of the process are no bindings');
    }
  });

  const ASSETS: [config: Record<string, string>, isOpen: boolean][] = [
    [{ 'wrangler.jsonc': '{ "assets": { "directory": "./public" } }' }, true],
    [{ 'wrangler.jsonc': '{ "assets": { "run_worker_first": ["/api/*"] } }' }, true],
    [{ 'wrangler.jsonc': '{ "assets": {\n// "run_worker_first": true\n} }' }, true],
    [{ 'wrangler.jsonc': '{ "assets": { "run_worker_first": true } }' }, false],
    [{ 'wrangler.jsonc': '{\n// "assets": {}\n}' }, false],
    [{ 'wrangler.toml': '[assets]\ndirectory = "public"' }, true],
    [{ 'wrangler.toml': 'assets = { directory = "public", run_worker_first = true }' }, false],
    [WORKER, false],
  ];
  for (const [config, isOpen] of ASSETS) {
    test(`${JSON.stringify(config)}: ${isOpen ? 'that files are open' : 'nothing of files'}`, () => {
      write(config);
      assert.equal(/served before the gate, to everybody/.test(read().at(-1) ?? ''), isOpen);
    });
  }

  test('Next.js on Cloudflare: that its preview reads another file', () => {
    write({ 'next.config.mjs': '', ...WORKER });
    assert.include(read()[0], 'opennextjs-cloudflare preview reads .dev.vars');
  });

  test('the Serverless Framework: variables of the process, which are handed on with a flag', () => {
    write({ 'serverless.yml': 'service: x' });
    const [first, ...lines] = read();
    assert.include(first, '"npx serverless offline --localEnvironment"');
    assert.deepEqual(lines, [`  ${AUDIENCE}`, `  ${JWKS_URL}`]);
  });

  test('SAM: a file of its own with the key set itself', () => {
    write({ 'template.yaml': 'Transform: AWS::Serverless-2016-10-31' });
    const [first, json = ''] = read();
    assert.include(first, '"sam local start-api --env-vars env.json" and, in env.json');
    const { Parameters } = JSON.parse(json);
    assert.equal(Parameters.POMERIUM_AUDIENCE, issuer.host);
    assert.deepEqual(JSON.parse(Parameters.POMERIUM_JWKS), issuer.jwks());
  });

  const unknown: [name: string, files: Record<string, string>][] = [
    ['an empty folder', {}],
    ['functions of something else', { 'functions/index.js': '', 'firebase.json': '{}' }],
    ['Vite without the plugin', { 'vite.config.ts': 'export default {}' }],
    ['a template of something else', { 'template.yaml': 'kind: Template' }],
    ['folders that have the names of files', { 'vite.config.ts/x': '@cloudflare/vite-plugin' }],
  ];
  for (const [name, content] of unknown) {
    test(`${name}: both forms`, () => {
      write(content);
      const lines = read();
      assert.equal(lines[0], `Start the app at ${TO} with`);
      assert.deepEqual(lines.slice(1, 3), [`  ${AUDIENCE}`, `  ${JWKS_URL}`]);
      assert.match(lines[3] ?? '', /variables of its process.*\.dev\.vars.*\.env\.local/);
    });
  }
});

describe('of a .dev.vars that is there already, pomerium-edge dev', () => {
  const SECRET = 'TOKEN=s3cret';
  const cases: [rule: string, text: string, says: string[]][] = [
    ['says that it has both', `${AUDIENCE}\n${JWKS_URL}\n${SECRET}`, ['.dev.vars has both already.']],
    ['reads quotes', `POMERIUM_AUDIENCE='app.corp.example.com'\nexport ${JWKS_URL}`, ['.dev.vars has both already.']],
    ['says what it lacks', `${AUDIENCE}\n${SECRET}`, ['.dev.vars is there already and lacks POMERIUM_JWKS_URL.']],
    ['lacks both', SECRET, ['.dev.vars is there already and lacks POMERIUM_AUDIENCE and POMERIUM_JWKS_URL.']],
    [
      'says what is different, and not how',
      `POMERIUM_AUDIENCE=s3cret.example.com\n${JWKS_URL}`,
      ['.dev.vars has another value for POMERIUM_AUDIENCE.'],
    ],
    [
      'says that keys of two kinds cannot be',
      `${AUDIENCE}\n${JWKS_URL}\nPOMERIUM_JWKS={"keys":["s3cret"]}`,
      ['.dev.vars has both already.', 'It has POMERIUM_JWKS, too: take that out, as only one of them may be set.'],
    ],
  ];
  for (const [rule, text, says] of cases) {
    test(rule, () => {
      write({ ...WORKER, '.dev.vars': text });
      const lines = read();
      assert.deepEqual(lines.slice(3), says);
      assert.notInclude(lines.join('\n'), 's3cret');
    });
  }

  test('says that it cannot be read', () => {
    write({ ...WORKER, '.dev.vars/x': '' });
    assert.deepEqual(read().slice(3), ['.dev.vars is there already and cannot be read.']);
  });
});
