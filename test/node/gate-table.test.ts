import { readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import {
  createAuthorizer,
  createEdgeHandler,
  withPomerium as forLambda,
  pomeriumMiddleware,
} from '../../adapters/aws-lambda/index.ts';
import {
  createGuard,
  createOnRequest as createPagesFunction,
  withPomerium as forWorker,
} from '../../adapters/cloudflare/index.ts';
import { pomerium } from '../../adapters/hono/index.ts';
import { createProxy } from '../../adapters/next/index.ts';
import { createOnRequest, pomerium as forNode } from '../../adapters/node/index.ts';
import { createMiddleware, withPomerium as forVercel } from '../../adapters/vercel/index.ts';
import { compilePolicy, GATE_VARIABLES, staticKeys } from '../../core/adapter.ts';
import { ROOT } from '../../scripts/run.ts';
import { HOST, jwks, makeKey, NOW } from '../support/issuer.ts';

const key = await makeKey();
const POMERIUM_JWKS = JSON.stringify(jwks(key));

/** The rows of the first table in docs/gate.md, or of the second, as cells without Markdown. */
const tables = readFileSync(`${ROOT}docs/gate.md`, 'utf8')
  .split(/\n\n/)
  .filter((block) => block.startsWith('|'))
  .map((block) =>
    block
      .split('\n')
      .filter((line) => !line.startsWith('| ---'))
      .map((line) => line.split('|').slice(1, -1)),
  );
const namesIn = (cell = '') => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name);

const [options = [], support = []] = tables;
const rows = options.slice(1).map(([option, variables]) => ({
  option: namesIn(option)[0] ?? '',
  variables: namesIn(variables),
}));

/** A value that each option takes, beside keys and, unless it says that, an audience. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  audience: HOST,
  issuer: HOST,
  keys: staticKeys(POMERIUM_JWKS),
  issuers: { [HOST]: staticKeys(POMERIUM_JWKS) },
  store: { getItem: () => null, setItem: () => {} },
  algorithms: ['ES256'],
  clockTolerance: 30,
  maxTokenAge: 30,
  policy: compilePolicy({ allow: { or: [{ accept: true }] } }),
  routes: { routes: [{ from: `https://${HOST}`, to: 'http://app', allow_any_authenticated_user: true }] },
  listClaims: ['roles'],
  leaveToPomerium: ['source_ip'],
  onBehalfOf: { audience: HOST, callers: compilePolicy({ allow: { or: [{ accept: true }] } }) },
  rules: [{ prefix: '/', access: 'authenticated' }],
  optional: true,
  allowPreflight: true,
  corsOrigins: ['https://app.example.com'],
  claimHeaders: ['department'],
  removeHeaders: ['x-email'],
  keepAssertion: false,
  shared: true,
  endAtExpiry: true,
  refusalPage: { siteName: 'Wiki' },
  onRefused: () => undefined,
  onEvent: () => {},
  log: false,
  logSubject: true,
  now: () => NOW,
};

/** The words of a refusal, or undefined where the adapter takes the options. */
type Attempt = (options: object) => Promise<string | undefined>;

/** Of an adapter that throws what cannot work when it is built. */
const built =
  (build: (options: never) => unknown): Attempt =>
  async (given) => {
    try {
      build(given as never);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

/** Of an adapter that knows its environment at the first request, and then refuses everything. */
const asked =
  (ask: (options: never) => Promise<Response>): Attempt =>
  async (given) => {
    const lines: string[] = [];
    const { error } = console;
    console.error = (line) => void lines.push(String(line));
    try {
      return (await ask(given as never)).status === 500 ? lines.join() : undefined;
    } finally {
      console.error = error;
    }
  };

const request = new Request('https://worker.example/x');
const ctx = { waitUntil() {} };
const ok = () => new Response('ok');
const pages = (env: object) => ({ ...ctx, request, env, data: {}, next: async () => ok() });

const ADAPTERS: Readonly<Record<string, readonly [name: string, attempt: Attempt][]>> = {
  'Cloudflare: `withPomerium`, `createGuard`, Pages': [
    ['withPomerium', asked((given) => forWorker({ fetch: ok }, given).fetch(request, {}, ctx))],
    ['createGuard', asked((given) => createGuard(given).fetch(request, {}, ctx))],
    ['createOnRequest', asked((given) => createPagesFunction(given)(pages({})))],
  ],
  'Hono, Node.js': [
    ['pomerium of pomerium-edge/hono', built((given) => pomerium(given))],
    ['pomerium of pomerium-edge/node', built((given) => forNode(given))],
    ['createOnRequest', built((given) => createOnRequest(given))],
  ],
  'Vercel and Next.js': [
    ['createMiddleware', built((given) => createMiddleware(given))],
    ['withPomerium', built((given) => forVercel(ok, given))],
    ['createProxy', built((given) => createProxy(given))],
  ],
  'Lambda: `withPomerium`, Middy': [
    ['withPomerium', built((given) => forLambda(async () => ({}), given))],
    ['pomeriumMiddleware', built((given) => pomeriumMiddleware(given))],
  ],
  'Lambda@Edge': [['createEdgeHandler', built((given) => createEdgeHandler(given))]],
  '`createAuthorizer`': [['createAuthorizer', built((given) => createAuthorizer(given))]],
};

describe('the tables of docs/gate.md are true', () => {
  test('the first names every option and its variable', () => {
    assert.deepEqual(rows.map(({ option }) => option).sort(), Object.keys(SAMPLES).sort());
    const documented = Object.fromEntries(rows.map(({ option, variables }) => [option, variables[0]]));
    for (const [option, variable] of Object.entries(GATE_VARIABLES)) assert.equal(documented[option], variable, option);
  });

  const [header = [], ...body] = support;
  const columns = header.slice(1).map((cell) => cell.trim());

  test('the second has a column for every adapter', () => {
    assert.deepEqual(columns, Object.keys(ADAPTERS));
  });

  const listed = body.flatMap(([cell]) => namesIn(cell));
  const everythingElse = Object.keys(SAMPLES).filter((option) => !listed.includes(option));
  for (const [cell = '', ...cells] of body) {
    if (cell.trim() === 'variables') continue;
    const names = cell.trim() === 'everything else' ? everythingElse : namesIn(cell);
    for (const [i, column] of columns.entries()) {
      const isThere = cells[i]?.trim().startsWith('yes');
      for (const [name, attempt] of ADAPTERS[column] ?? []) {
        for (const option of names) {
          test(`${name} of ${column} ${isThere ? 'has' : 'refuses'} ${option}`, async () => {
            const keys = ['store', 'issuers'].includes(option) ? {} : { keys: SAMPLES['keys'] };
            const audience = option === 'routes' ? {} : { audience: HOST };
            const refusal = await attempt({ ...audience, ...keys, [option]: SAMPLES[option] });
            if (isThere) assert.isUndefined(refusal);
            else assert.match(refusal ?? '', new RegExp(`The option ${option} cannot be had here: .{20}`));
          });
        }
      }
    }
  }

  for (const [name, attempt] of Object.values(ADAPTERS).flat()) {
    test(`${name} refuses an option that is misspelt, and names those that there are`, async () => {
      const refusal = await attempt({ audience: HOST, keys: SAMPLES['keys'], polcy: 1 });
      assert.match(refusal ?? '', /There is no option .{0,4}polcy.*audience, .*policy.*logSubject/);
    });

    test(`${name} refuses allowAnonymous, and says what to write`, async () => {
      const refusal = await attempt({ audience: HOST, keys: SAMPLES['keys'], allowAnonymous: true });
      assert.match(refusal ?? '', /allowAnonymous cannot be had here: .{20}/);
    });
  }
});
