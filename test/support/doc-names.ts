/**
 * What the blocks of README.md and docs/*.md use and do not declare, since they are parts of a file: name and declaration. A
 * block gets those whose name it uses and does not declare itself.
 */
type Names = Readonly<Record<string, string>>;

const imports = (from: string, ...names: string[]): Names =>
  Object.fromEntries(names.map((name) => [name, `import { ${name} } from '${from}';`]));

/** On every page. */
export const EVERYWHERE: Names = {
  ...imports('pomerium-edge', 'compilePolicy', 'compileRoutes', 'createVerifier', 'PomeriumError', 'remoteKeys'),
  ...imports('node:fs', 'readFileSync'),
  ...imports('yaml', 'parse'),
  request: 'declare const request: Request;',
};

const WORKER_HANDLER =
  'declare const handler: { fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> };';

/** By page, besides. */
export const NAMES: Readonly<Record<string, Names>> = {
  'README.md': {
    ctx: 'declare const ctx: { waitUntil(promise: Promise<unknown>): void };',
    verifier: 'declare const verifier: import("pomerium-edge").Verifier;',
  },
  'docs/aws-lambda.md': {
    ...imports('pomerium-edge/aws-lambda', 'createAuthorizer'),
    ...imports('@aws-lambda-powertools/logger', 'Logger'),
    ...imports('@aws-lambda-powertools/metrics', 'Metrics'),
    APIGatewayProxyEventV2: "import type { APIGatewayProxyEventV2 } from 'aws-lambda';",
  },
  'docs/cloudflare.md': {
    ...imports('pomerium-edge/cloudflare', 'createGuard', 'getIdentity', 'withPomerium'),
    ...imports('cloudflare:workers', 'WorkerEntrypoint'),
    env: 'declare const env: Env;',
    handler: WORKER_HANDLER,
    render: 'declare function render(subject: string): Promise<string>;',
    serverFor: 'declare function serverFor(identity: import("pomerium-edge").Identity): object;',
    // Not installed here: as their documentation has them.
    createMcpHandler:
      'declare function createMcpHandler(server: () => object): (request: Request, env: Env, ctx: ExecutionContext) => Promise<Response>;',
    Sentry: 'declare const Sentry: { withSentry<H>(options: (env: Env) => { dsn: string }, handler: H): H };',
    instrument: 'declare function instrument<H>(handler: H, config: object): H; declare const config: object;',
  },
  'docs/gate.md': {
    ...imports('pomerium-edge/cloudflare', 'withPomerium'),
    handler: WORKER_HANDLER,
  },
  'docs/hono.md': {
    ...imports('pomerium-edge/hono', 'pomerium'),
    ...imports('hono', 'Hono'),
    ...imports('hono/factory', 'createFactory'),
    ...imports('hono/cloudflare-workers', 'upgradeWebSocket'),
    ...imports('hono/streaming', 'streamSSE'),
    ...imports('vitest', 'expect'),
    IdentityVariables: "import type { IdentityVariables } from 'pomerium-edge/hono';",
    app: 'declare const app: import("hono").Hono<{ Bindings: Env; Variables: import("pomerium-edge/hono").IdentityVariables }>;',
  },
  'docs/keys.md': { store: 'declare const store: import("pomerium-edge").JwksStore;' },
  'docs/migrating.md': { ...imports('jose', 'createRemoteJWKSet', 'jwtVerify') },
  'docs/nextjs.md': {
    ...imports('pomerium-edge/next', 'createProxy', 'requireIdentity'),
    ...imports('next/server', 'NextResponse'),
    tenantOf: 'declare function tenantOf(identity: import("pomerium-edge").Identity | undefined): string;',
    readNote: 'declare function readNote(id: string, subject: string): Promise<object>;',
    // Next.js writes it for each app.
    RouteContext: 'type RouteContext<_Path> = { params: Promise<{ id: string }> };',
    req: 'declare const req: import("next").NextApiRequest;',
    res: 'declare const res: import("next").NextApiResponse;',
  },
  'docs/policy.md': {
    text: 'declare const text: string;',
    policy: 'declare const policy: import("pomerium-edge").Policy;',
    identity: 'declare const identity: import("pomerium-edge").Identity;',
    headers: 'declare const headers: Headers;',
  },
  'docs/routes.md': {
    ...imports('pomerium-edge/cloudflare', 'withPomerium'),
    handler: 'declare const handler: { fetch(request: Request): Promise<Response> };',
  },
  'docs/tools.md': {
    app: 'declare const app: import("hono").Hono;',
    // As Playwright's own, of which playwright-core is installed here.
    test: `import type { BrowserContext, Page } from 'playwright-core';
declare const test: {
  use(options: { baseURL: string }): void;
  (name: string, body: (fixtures: { context: BrowserContext; page: Page }) => Promise<void>): void;
};`.replaceAll('\n', ' '),
  },
  'docs/vercel.md': { ...imports('pomerium-edge/vercel', 'createMiddleware') },
};
