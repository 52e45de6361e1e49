/** Checked by the compiler only. */
import { Hono } from 'hono';
import { hc } from 'hono/client';
import { upgradeWebSocket } from 'hono/cloudflare-workers';
import { createFactory, createMiddleware } from 'hono/factory';
import { streamText } from 'hono/streaming';
import { compileRoutes, type Identity, type PomeriumError } from 'pomerium-edge';
import {
  type IdentityVariables,
  keepWarm,
  type OptionalIdentityVariables,
  type PomeriumOptions,
  pomerium,
  requirePolicy,
} from 'pomerium-edge/hono';
import { type Equal, holds } from './equal.ts';

const app = new Hono()
  .use(pomerium({ audience: 'a' }))
  .get('/me', (c) => {
    holds<Equal<typeof c.var.identity, Identity>>();
    return c.json({ email: c.var.identity.email ?? null });
  })
  .post('/admin', requirePolicy({ allow: {} }), (c) => c.json({ by: c.var.identity.subject }));

const client = hc<typeof app>('https://a/');
const me = await (await client.me.$get()).json();
holds<Equal<typeof me, { email: string | null }>>();
const admin = await (await client.admin.$post()).json();
holds<Equal<typeof admin, { by: string }>>();

new Hono().use(pomerium({ optional: true })).get('/', (c) => {
  holds<Equal<typeof c.var.identity, Identity | undefined>>();
  // @ts-expect-error nobody may be signed in
  return c.text(c.var.identity.subject);
});

declare const isLocal: boolean;
declare const some: PomeriumOptions;
for (const gate of [
  pomerium({ optional: isLocal }),
  pomerium({ allowPreflight: true }),
  pomerium({ routes: [{ from: 'https://a', to: 'http://b' }] }),
  pomerium((c) => ({ routes: compileRoutes(c.env.ROUTES), leaveToPomerium: ['date'] })),
  pomerium({ rules: [{ prefix: '/', access: 'authenticated' }] }),
  pomerium(() => ({ audience: 'a', optional: isLocal })),
  pomerium(some),
]) {
  new Hono().use(gate).get('/', (c) => {
    holds<Equal<typeof c.var.identity, Identity | undefined>>();
    return c.text('');
  });
}
for (const gate of [
  pomerium(),
  pomerium({ optional: false, allowPreflight: false, shared: true, onRefused: async () => undefined }),
  pomerium(() => ({ audience: 'a', removeHeaders: ['x-a'], claimHeaders: ['a'], corsOrigins: ['*'] })),
  pomerium({ listClaims: ['roles'], leaveToPomerium: ['date'] }),
]) {
  new Hono().use(gate).get('/', (c) => {
    holds<Equal<typeof c.var.identity, Identity>>();
    return c.text('');
  });
}
pomerium({
  onRefused: (error, request) => {
    holds<Equal<typeof error, PomeriumError>>();
    holds<Equal<typeof request, Request>>();
    return Response.redirect(request.url);
  },
});

/** Statements, with bindings and variables of one's own. */
interface AppEnv {
  Bindings: { DATABASE: string };
  Variables: IdentityVariables & { requestId: string };
}
const statements = new Hono<AppEnv>();
statements.use(pomerium());
statements.use(async (c, next) => {
  c.set('requestId', c.var.identity.tokenId ?? '');
  // @ts-expect-error the gate alone says who it is
  c.set('identity', 'alice');
  await next();
});
statements.get('/', requirePolicy({ allow: {} }), (c) => {
  holds<Equal<typeof c.var.identity, Identity>>();
  const identity = c.get('identity');
  holds<Equal<typeof identity, Identity>>();
  return c.text(identity.subject + c.var.requestId + c.env.DATABASE);
});

const open = new Hono<{ Variables: OptionalIdentityVariables }>();
open.use(pomerium({ optional: true }));
open.get('/', (c) => {
  // @ts-expect-error nobody may be signed in
  return c.text(c.var.identity.subject);
});

/** Sub-apps behind one gate, whose client knows them. */
const inner = new Hono<{ Variables: IdentityVariables }>().get('/', (c) => c.json({ subject: c.var.identity.subject }));
const outer = new Hono().use(pomerium()).route('/inner', inner);
const innerAnswer = await (await hc<typeof outer>('https://a/').inner.$get()).json();
holds<Equal<typeof innerAnswer, { subject: string }>>();

/** A factory: its apps, handlers and middlewares. */
const factory = createFactory<{ Variables: IdentityVariables }>({ initApp: (one) => one.use(pomerium()) });
const handlers = factory.createHandlers(requirePolicy({ allow: {} }), (c) => {
  holds<Equal<typeof c.var.identity, Identity>>();
  return c.text(c.var.identity.subject);
});
factory.createApp().get('/', ...handlers);
factory.createMiddleware(async (c, next) => {
  holds<Equal<typeof c.var.identity, Identity>>();
  await next();
});
createMiddleware<{ Variables: IdentityVariables }>(async (c, next) => {
  holds<Equal<typeof c.var.identity, Identity>>();
  await next();
});

new Hono()
  .use(pomerium())
  .get('/socket', (c) => upgradeWebSocket(c, { onMessage: (_, socket) => socket.send(c.var.identity.subject) }))
  .get('/stream', (c) => streamText(c, async (stream) => void (await stream.write(c.var.identity.subject))));

/** A Worker's handlers, as its own types have them. */
interface Handlers<Env> {
  fetch?(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>;
  scheduled?(controller: { cron: string }, env: Env, ctx: ExecutionContext): void | Promise<void>;
}
interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
  readonly props: unknown;
}
({ fetch: statements.fetch, scheduled: keepWarm() }) satisfies Handlers<AppEnv['Bindings']>;
keepWarm({ audience: 'a', optional: true });
keepWarm((c) => ({ audience: String(c.env.HOST) }));
// @ts-expect-error a misspelt option
keepWarm({ audiense: 'a' });

new Hono<{ Bindings: { HOST: string } }>()
  .use(pomerium((c) => ({ audience: String(c.env.HOST) })))
  .get('/', (c) => c.text(c.var.identity.subject + c.env.HOST));

new Hono().use(pomerium({ optional: true })).get('/admin', requirePolicy({ allow: {} }), (c) => {
  holds<Equal<typeof c.var.identity.subject, string>>();
  return c.text(c.var.identity.subject);
});

requirePolicy({ allow: {} }, { listClaims: ['roles'], leaveToPomerium: ['date'] });

// @ts-expect-error a misspelt option
pomerium({ audiense: 'a' });
// @ts-expect-error nobody is never let in by this
pomerium({ allowAnonymous: true });
// @ts-expect-error a refusal is answered with a Response
pomerium({ onRefused: () => 'no' });
// @ts-expect-error an option is no text
pomerium({ optional: 'true' });
