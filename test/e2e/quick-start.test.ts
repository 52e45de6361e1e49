import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { parse } from 'yaml';
import { OSLS_ENVIRONMENT } from '../../scripts/osls-offline.ts';
import { type Running, startProcess } from '../../scripts/processes.ts';
import { must, ROOT, tool } from '../../scripts/run.ts';
import { closedPort } from '../support/closed-port.ts';
import { installPackages } from '../support/example-project.ts';
import { readQuickStart } from '../support/quick-start.ts';
import { sendRaw } from './raw-request.ts';
import { makeApp } from './next/apps.ts';

/** A page whose quick start is done as it says: its blocks are the files, its commands are run, its URLs are asked. */
interface Page {
  readonly page: string;
  /** The page's command that starts the app. */
  readonly command: string;
  /** What is run instead of a tool that is too large to install. */
  readonly standIn?: readonly string[];
  /** Added to that command: the port of this test instead of the default one. */
  flags?(port: string): string[];
  /** What the app prints once it listens; a group is its URL, where it chooses the port. */
  readonly ready: RegExp;
  readonly env?: Readonly<Record<string, string>>;
  /** What a request without an assertion is answered. @defaultValue the gate's problem document */
  readonly refusal?: object;
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
    flags: (port) => ['--httpPort', port, '--lambdaPort', '0', '--websocketPort', '0', '--albPort', '0'],
    ready: /Server ready/,
    env: OSLS_ENVIRONMENT,
    refusal: { statusCode: 401 },
  },
  {
    page: 'docs/vercel.md',
    command: 'npx vercel dev',
    // What vercel dev calls for a function.
    standIn: [process.execPath, join(ROOT, 'test/e2e/vercel/dev.mjs'), 'api/hello.ts'],
    ready: /(http:\/\/127\.0\.0\.1:\d+)/,
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
  readonly dev: Running;
  stop(): Promise<void>;
}

async function follow({ page, command, ready, ...how }: Page): Promise<Followed> {
  const ports: Readonly<Record<string, string>> = {
    8000: String(await closedPort()),
    8787: String(await closedPort()),
    3000: String(await closedPort()),
  };
  const withFreePorts = (text: string) => text.replace(/\b(8000|8787|3000)\b/g, (port) => ports[port] ?? port);
  const { packages, ...read } = readQuickStart(page);
  const files = Object.fromEntries(Object.entries(read.files).map(([path, text]) => [path, withFreePorts(text)]));
  const commandOf = (beginning: string) =>
    read.commands.find((line) => line.startsWith(beginning)) ?? assert.fail(`${page} has no command ${beginning}`);
  const exports = read.commands.filter((line) => line.startsWith('export ')).map((line) => line.slice(7));

  const { folder, remove } = how.install?.(files) ?? (await installPackages(packages, files));
  const to = / --to (http:\S+)/.exec(commandOf('npx pomerium-edge dev'))?.[1] ?? '';
  const port = ports[new URL(to).port] ?? '';
  const started = how.standIn ?? [...wordsOf(commandOf(command), folder), ...(how.flags?.(port) ?? [])];
  const variables = { ...parseEnv(withFreePorts(exports.join('\n'))), ...how.env };
  if (how.standIn) Object.assign(variables, parseEnv(files['.env.local'] ?? ''));
  const [app = '', ...args] = started;
  const running = [startProcess(app, args, folder, variables)];
  const stop = async () => {
    for (const one of running) await one.stop();
    remove();
  };
  try {
    const printed = await running[0]?.printed(ready);
    const url = printed?.startsWith('http') ? printed : withFreePorts(to);
    const [node = '', ...words] = wordsOf(commandOf('npx pomerium-edge dev').replace(to, url), folder);
    const dev = startProcess(node, [...words, '--port', ports[8000] ?? ''], folder);
    running.push(dev);
    await dev.printed(/signed in/);
    const asked = read.commands.filter((line) => line.startsWith('curl ')).map((line) => withFreePorts(line.slice(5)));
    const [direct = '', through = ''] = asked;
    return { direct: direct.replace(withFreePorts(to).replace('127.0.0.1', 'localhost'), url), through, dev, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A command as it is installed: `npx` takes the package from the folder, and tools from this repository. */
function wordsOf(command: string, folder: string): string[] {
  const [first = '', ...args] = command.split(' ');
  if (first === 'node') return [process.execPath, ...args];
  const [name = '', ...rest] = args;
  if (name !== 'pomerium-edge') return [tool(name), ...rest];
  return [process.execPath, join(folder, 'node_modules/pomerium-edge/dist/cli/pomerium-edge.js'), ...rest];
}

describe.each(PAGES)('the quick start of $page', (page) => {
  let followed: Followed;
  beforeAll(async () => {
    followed = await follow(page);
  });
  afterAll(() => followed?.stop());

  const FORGED = { 'x-pomerium-claim-email': 'root@example.com', 'X_Pomerium_Claim_Email': 'root@example.com' };

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
      assert.equal(await answer.text(), 'Hello alice@example.com');
      assert.equal(answer.status, 200);
    }
  });

  test('the route passes the identity on, and its host is the audience', async () => {
    const { route, files } = readQuickStart(page.page);
    const [{ from, pass_identity_headers }] = parse(route).routes;
    assert.isTrue(pass_identity_headers);
    const { host } = new URL(from);
    const settings = Object.values(files).join('\n').match(/POMERIUM_AUDIENCE"?[:=] ?"?[a-z.]+/g) ?? [];
    assert.isNotEmpty(settings);
    for (const setting of settings) assert.isTrue(setting.endsWith(host), setting);
  });
});
