import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { parse } from 'yaml';
import { compileRoutes } from '../../core/index.ts';
import { freePort } from '../../scripts/free-port.ts';
import { OSLS_ENVIRONMENT } from '../../scripts/osls-offline.ts';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { ROOT, tool } from '../../scripts/run.ts';
import { installPackages } from '../support/example-project.ts';
import { readQuickStart } from '../support/quick-start.ts';
import { makeApp } from './next/apps.ts';

/** A page whose quick start is done as it says: its blocks are the files, its commands are run, its URLs are asked. */
interface Page {
  readonly page: string;
  /** Which part of it, where there are several. */
  readonly part?: string;
  /** The page's command that starts the app. */
  readonly command: string;
  /** What is run instead of a tool that is too large to install, and the package that is not there. */
  readonly standIn?: { readonly words: readonly string[]; readonly package: string };
  /** Added to that command: the port of this test instead of the default one, and more free ones. */
  flags?(port: string, others: readonly string[]): string[];
  /** What the app prints once it listens; a group is its URL, where it chooses the port. */
  readonly ready: RegExp;
  readonly env?: Readonly<Record<string, string>>;
  /** What a request without an assertion is answered. @defaultValue the gate's problem document */
  readonly refusal?: object;
  /** What a request through Pomerium is answered. @defaultValue the user's name */
  assertPassed?(answer: Response): void;
  /** Makes the folder, where that is not `npm install`. */
  install?(files: Readonly<Record<string, string>>): { folder: string; remove(): void };
}

const WRANGLER: Omit<Page, 'page'> = {
  command: 'npx wrangler dev',
  flags: (port) => ['--ip', '127.0.0.1', '--port', port, '--inspector-port', '0'],
  ready: /Ready on/,
};

const PAGES: readonly Page[] = [
  { page: 'docs/cloudflare.md', ...WRANGLER },
  { page: 'docs/hono.md', ...WRANGLER },
  { page: 'docs/verifier.md', command: 'node --env-file=.env server.mjs', ready: /Listening on/ },
  {
    page: 'docs/aws-lambda.md',
    command: 'npx serverless offline --localEnvironment',
    flags: (port, [lambda = '', socket = '', alb = '']) => [
      '--httpPort',
      port,
      '--lambdaPort',
      lambda,
      '--websocketPort',
      socket,
      '--albPort',
      alb,
    ],
    ready: /Server ready/,
    env: OSLS_ENVIRONMENT,
    refusal: { statusCode: 401 },
  },
  { page: 'docs/vercel.md', ...vercelDev('api/hello.ts') },
  {
    page: 'docs/vercel.md',
    part: 'middleware',
    ...vercelDev('middleware.ts'),
    assertPassed({ headers }) {
      assert.equal(headers.get('x-middleware-next'), '1');
      assert.notInclude(JSON.stringify([...headers]), 'root@example.com');
    },
  },
  {
    page: 'docs/nextjs.md',
    command: 'npx next dev',
    flags: (port) => ['-p', port],
    ready: /Ready in/,
    // Where it is "test", Next.js leaves .env.local out.
    env: { NODE_ENV: 'development' },
    install: (files) => makeApp('16', 'quick-start', { ...CREATE_NEXT_APP, ...files }),
  },
];

/** What `vercel dev` calls for this file: the command itself is too large to install. */
function vercelDev(file: string): Omit<Page, 'page'> {
  return {
    command: 'npx vercel dev',
    standIn: { words: [process.execPath, join(ROOT, 'test/e2e/vercel/dev.mjs'), file], package: 'vercel' },
    ready: /(http:\/\/127\.0\.0\.1:\d+)/,
  };
}

/** As create-next-app has them. */
const CREATE_NEXT_APP = {
  'next.config.ts': 'export default { cacheComponents: true };',
  'app/layout.tsx': `export default function Layout({ children }: { children: React.ReactNode }) {
  return <html lang="en"><body>{children}</body></html>;
}`,
};

interface Followed {
  /** What is asked around Pomerium, and through it. */
  readonly direct: string;
  readonly through: string;
}

/** `onEnd` is given what is to be stopped and removed, the last first. */
async function follow({ page, command, ready, ...how }: Page, onEnd: (end: () => unknown) => void): Promise<Followed> {
  const ports: Readonly<Record<string, string>> = {
    8000: String(await freePort()),
    8787: String(await freePort()),
    3000: String(await freePort()),
  };
  const withFreePorts = (text: string) => text.replace(/\b(8000|8787|3000)\b/g, (port) => ports[port] ?? port);
  const { packages, ...read } = readQuickStart(page);
  const files = Object.fromEntries(Object.entries(read.files).map(([path, text]) => [path, withFreePorts(text)]));
  const commandOf = (beginning: string) =>
    read.commands.find((line) => line.startsWith(beginning)) ?? assert.fail(`${page} has no command ${beginning}`);
  const exports = read.commands.filter((line) => line.startsWith('export ')).map((line) => line.slice(7));

  const { folder, remove } =
    how.install?.(files) ??
    (await installPackages(
      packages.filter((name) => name !== how.standIn?.package),
      files,
    ));
  onEnd(remove);
  const start = (words: readonly string[], env = {}): Running => {
    const [program = '', ...args] = words;
    const running = startProcess(program, args, { cwd: folder, env });
    onEnd(() => running.stop());
    return running;
  };
  const to = / --to (http:\S+)/.exec(commandOf('npx pomerium-edge dev'))?.[1] ?? '';
  const others = await Promise.all(['a', 'b', 'c'].map(async () => String(await freePort())));
  const flags = how.flags?.(new URL(withFreePorts(to)).port, others) ?? [];
  const app = start(how.standIn?.words ?? [...wordsOf(commandOf(command), folder), ...flags], {
    ...parseEnv(withFreePorts(exports.join('\n'))),
    ...(how.standIn && parseEnv(files['.env.local'] ?? '')),
    ...how.env,
  });
  // Some tools print an error and stay.
  const printed = await app.printed(new RegExp(`${ready.source}|^Error:.*|\\[ERROR\\].*`, 'm'));
  assert.notMatch(printed, /error/i);
  const url = printed.startsWith('http') ? printed : withFreePorts(to);
  const devCommand = commandOf('npx pomerium-edge dev').replace(to, url);
  const dev = start([...wordsOf(devCommand, folder), '--port', ports[8000] ?? '']);
  await dev.printed(/signed in/);
  // It tells the same variables as the page.
  const told = withFreePorts([...exports, ...Object.values(read.files)].join('\n'));
  const variable = await dev.printed(/^ {2}(POMERIUM_JWKS_URL=\S+)$/m);
  assert.include(told, variable);
  const [direct, through] = read.commands
    .filter((line) => line.startsWith('curl '))
    .map((line) => new URL(withFreePorts(line.slice('curl '.length))));
  if (!direct || !through) throw new Error(`${page} does not ask twice.`);
  return { direct: new URL(direct.pathname, url).href, through: through.href };
}

/** A command as it is installed: `npx` takes the package from the folder, and tools from this repository. */
function wordsOf(command: string, folder: string): string[] {
  const [first = '', ...args] = command.split(' ');
  if (first === 'node') return [process.execPath, ...args];
  const [name = '', ...rest] = args;
  if (name !== 'pomerium-edge') return [tool(name), ...rest];
  return [process.execPath, join(folder, 'node_modules/pomerium-edge/dist/cli/pomerium-edge.js'), ...rest];
}

const named = PAGES.map((page) => ({ ...page, name: [page.page, page.part].filter(Boolean).join(': ') }));

test('every page with a quick start is here', () => {
  const pages = globSync('docs/*.md', { cwd: ROOT });
  const withQuickStart = pages.filter((page) => /^## Quick start$/m.test(readFileSync(join(ROOT, page), 'utf8')));
  assert.sameMembers(withQuickStart, [...new Set(PAGES.map(({ page }) => page))]);
});

describe.each(named)('the quick start of $name', (page) => {
  let followed: Followed;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    followed = await follow(page, (end) => ends.unshift(end));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  const FORGED = { 'x-pomerium-claim-email': 'root@example.com', X_Pomerium_Claim_Email: 'root@example.com' };

  test('around Pomerium: 401', async () => {
    for (const headers of [{}, FORGED]) {
      const answer = await fetch(followed.direct, { headers });
      assert.equal(answer.status, 401);
      assert.include(await answer.json(), page.refusal ?? { status: 401, code: 'missing_assertion' });
    }
  });

  test('through Pomerium: the user’s name, whatever the client sends', async () => {
    for (const headers of [{}, FORGED]) {
      const answer = await fetch(followed.through, { headers });
      assert.equal(answer.status, 200);
      if (page.assertPassed) page.assertPassed(answer);
      else assert.equal(await answer.text(), 'Hello alice@example.com');
    }
  });

  test('the route passes the identity on, and its host is the audience', async () => {
    const { route, files } = readQuickStart(page.page);
    const [{ from, pass_identity_headers }] = parse(route).routes;
    assert.isTrue(pass_identity_headers);
    const { host } = new URL(from);
    assert.doesNotThrow(() => compileRoutes(parse(route), { hosts: [host] }));
    const settings =
      Object.values(files)
        .join('\n')
        .match(/POMERIUM_AUDIENCE"?[:=] ?"?[a-z.]+/g) ?? [];
    assert.isNotEmpty(settings);
    for (const setting of settings) assert.isTrue(setting.endsWith(host), setting);
  });
});
