import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { assert, onTestFinished, test } from 'vitest';
import { must, ROOT, run, tool } from '../../scripts/run.ts';
import { EVERYWHERE, NAMES } from '../support/doc-names.ts';
import { installPackages } from '../support/example-project.ts';
import { type Block, blocksOf } from '../support/markdown.ts';

/** Pages whose blocks other tests hold against files that are built. */
const ELSEWHERE = ['docs/aws-functions.md', 'docs/cloudflare-frameworks.md', 'docs/frameworks.md', 'docs/testing.md'];

/** Blocks that the compiler cannot check here, by how they begin, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  '// Deno': 'npm: and Deno are unknown to the compiler',
};

/** Pages that are about Workers, where Request and its kin are those of workerd. */
const WORKERS = ['docs/cloudflare.md', 'docs/gate.md', 'docs/hono.md'];

const PAGES = globSync(['README.md', 'docs/*.md'], { cwd: ROOT }).filter((page) => !ELSEWHERE.includes(page));
const isTyped = ({ language }: Block) => language === 'ts' || language === 'tsx';
const isLeftOut = ({ text }: Block) => Object.keys(LEFT_OUT).some((beginning) => text.startsWith(beginning));

/** Declarations of what the block uses and does not declare, in one line. */
function declarationsFor(page: string, text: string): string {
  return Object.entries({ ...EVERYWHERE, ...NAMES[page] })
    .filter(([name]) => new RegExp(`\\b${name}\\b`).test(text) && !declares(text, name))
    .map(([, declaration]) => declaration)
    .join(' ');
}

function declares(text: string, name: string): boolean {
  const declaration = new RegExp(`\\b(const|let|function|class|interface|type|import)\\s+${name}\\b`);
  const imported = new RegExp(`^import [^;]*\\{[^;}]*\\b${name}\\b[^;}]*\\} from`, 'm');
  return declaration.test(text) || imported.test(text);
}

const options = (settings: object) => ({
  target: 'es2024',
  module: 'esnext',
  moduleResolution: 'bundler',
  moduleDetection: 'force',
  jsx: 'preserve',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  resolveJsonModule: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  ...settings,
});

/** A block may be a part of a function, and return. */
const OF_A_BODY = /error TS1108:/;

/** A mistake in an option, as a block may have it: it must be found. */
const CONTROL =
  "\nimport { createVerifier } from 'pomerium-edge'; createVerifier({ audiance: 'app.corp.example.com' });";

/** What blocks import of the reader's own, and what they are compiled with. */
const FILES = {
  'workers/test/issuer.ts': `import { createTestIssuer } from 'pomerium-edge/testing';
export const issuer = await createTestIssuer({ seed: 'my tests' });`,
  'others/routes.json': '{ "routes": [] }',
  'augmented/app.ts': `import { Hono } from 'hono';
new Hono().get('/', (c) => c.text(c.var.identity.subject));`,
  'augmented/control-1.ts': CONTROL,
  'workers/control-1.ts': CONTROL,
  'others/control-1.ts': CONTROL,
  'wrangler.jsonc': '{ "name": "docs", "compatibility_date": "2026-10-20" }',
  'env.d.ts': `interface Env {
  ASSETS: Fetcher;
  AUTH: import('pomerium-edge/cloudflare').AuthService;
  POMERIUM_JWKS_KV: KVNamespace;
  REFUSALS: AnalyticsEngineDataset;
  SENTRY_DSN: string;
  TENANTS: DispatchNamespace;
}
declare namespace Cloudflare {
  interface GlobalProps { mainModule: typeof import('./main.ts') }
}`,
  'main.ts': `import { WorkerEntrypoint } from 'cloudflare:workers';
export class App extends WorkerEntrypoint<Env> {}
export class Pages extends WorkerEntrypoint<Env, { subject: string }> {}`,
};

/** By folder. */
const PROGRAMS = {
  augmented: { compilerOptions: options({ lib: ['es2024', 'dom'], types: ['node'] }), include: ['augmented'] },
  workers: {
    compilerOptions: options({ lib: ['es2024'], types: ['./worker-configuration.d.ts', 'node'] }),
    include: ['workers', 'env.d.ts'],
  },
  others: {
    compilerOptions: options({ lib: ['es2024', 'dom', 'dom.iterable'], types: ['node'] }),
    include: ['others'],
  },
};

const PACKAGES = [
  'pomerium-edge',
  '@aws-lambda-powertools/logger',
  '@aws-lambda-powertools/metrics',
  '@cloudflare/vitest-plugin',
  '@types/aws-lambda',
  '@types/node',
  '@types/react',
  'hono',
  'next',
  'playwright-core',
  'react',
  'vitest',
  'yaml',
];

function nameOf(page: string, { line, language, text }: Block): string {
  return `${programOf(page, text)}/${basename(page, '.md')}-${line}.${language}`;
}

function programOf(page: string, text: string): keyof typeof PROGRAMS {
  // It holds for a whole program, and would hide mistakes in other blocks.
  if (text.startsWith('declare module')) return 'augmented';
  return WORKERS.includes(page) ? 'workers' : 'others';
}

/** Where in which page this is, whose block begins after a line of declarations. */
function placed(message: string): string {
  return message.replace(
    /^\w+\/([\w-]+)-(\d+)\.tsx?\((\d+),/,
    (_, page, line, row) => `${page}.md:${Number(line) + Number(row) - 2} (`,
  );
}

/** What the compiler says of the blocks, by the lines of the pages. */
async function compile(): Promise<string[]> {
  const blocks = PAGES.flatMap((page) =>
    blocksOf(page)
      .filter((block) => isTyped(block) && !isLeftOut(block))
      .map((block) => [nameOf(page, block), `${declarationsFor(page, block.text)}\n${block.text}`] as const),
  );
  const programs = Object.entries(PROGRAMS).map(([name, settings]) => [
    `tsconfig.${name}.json`,
    JSON.stringify(settings),
  ]);
  const files = { ...FILES, ...Object.fromEntries(programs), ...Object.fromEntries(blocks) };
  const { folder, remove } = await installPackages(PACKAGES, files);
  onTestFinished(remove);
  await must(tool('wrangler'), ['types', '--include-env=false'], { cwd: folder, capture: true });
  const outputs = await Promise.all(
    Object.keys(PROGRAMS).map((name) =>
      run(tool('tsc'), ['-p', `tsconfig.${name}.json`, '--pretty', 'false'], { cwd: folder, capture: true }),
    ),
  );
  // An indented line goes on with the one before.
  return outputs.flatMap(({ output }) =>
    output
      .split(/\n(?! )/)
      .filter((message) => message !== '' && !OF_A_BODY.test(message))
      .map(placed),
  );
}

/** A name that a block uses and does not declare goes into test/support/doc-names.ts. */
test('every ts block of the docs type-checks', async () => {
  const messages = await compile();
  const isControl = (message: string) => message.startsWith('control.md');
  assert.deepEqual(
    messages.filter((message) => !isControl(message)),
    [],
  );
  // The compiler says nothing of types where it cannot read a file.
  assert.lengthOf(messages.filter(isControl), Object.keys(PROGRAMS).length);
});
