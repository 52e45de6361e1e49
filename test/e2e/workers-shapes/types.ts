/** Checked by the compiler only, in a project as `wrangler types` makes it. */
import { WorkerEntrypoint } from 'cloudflare:workers';
import type { Identity } from 'pomerium-edge';
import {
  type AuthResult,
  createAuth,
  createGuard,
  createOnRequest,
  kvStore,
  onRequest as onRequestForPages,
  type PomeriumAuth,
  withPomerium,
} from 'pomerium-edge/cloudflare';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_Proof extends true>(): void => {};

interface Job {
  readonly id: string;
}
interface Mine {
  readonly DB: D1Database;
  readonly HOST: string;
}

export const inferred = withPomerium({
  async fetch(request, env, ctx, identity) {
    holds<Equal<typeof identity, Identity>>();
    holds<Equal<typeof env, Cloudflare.Env>>();
    ctx.passThroughOnException();
    ctx.waitUntil(Promise.resolve(ctx.exports.Entry.greet()));
    return new Response(`${env.POMERIUM_AUDIENCE}${request.cf?.colo}${identity.email}`);
  },
  async scheduled(controller, env, ctx) {
    ctx.waitUntil(Promise.resolve(controller.cron + env.POMERIUM_AUDIENCE));
  },
  async queue(batch, env) {
    batch.ackAll();
    holds<Equal<typeof env, Cloudflare.Env>>();
  },
  async email(message) {
    message.setReject('no');
  },
  tail(events) {
    holds<Equal<typeof events, TraceItem[]>>();
  },
}) satisfies ExportedHandler<Env>;

const satisfied = {
  async fetch(request, env, ctx) {
    ctx.waitUntil(Promise.resolve());
    return new Response(request.url + env.POMERIUM_AUDIENCE);
  },
  async queue(batch) {
    holds<Equal<(typeof batch.messages)[number]['body'], Job>>();
  },
} satisfies ExportedHandler<Env, Job>;
export const wrapped = withPomerium(satisfied) satisfies ExportedHandler<Env, Job>;

const declared: ExportedHandler<Env> = { fetch: () => new Response() };
export const wrappedDeclared = withPomerium(declared) satisfies ExportedHandler<Env>;

export const annotated = withPomerium(
  {
    fetch: (_request, env: Mine, ctx: ExecutionContext<{ tenant: string }>, identity) =>
      new Response(`${env.DB}${ctx.props.tenant}${identity.subject}`),
    queue: async (batch: MessageBatch<Job>) => console.log(batch.messages.map(({ body }) => body.id)),
  },
  (env) => ({ audience: env.HOST }),
) satisfies ExportedHandler<Mine, Job, unknown, { tenant: string }>;

export const named = withPomerium<Mine>({
  fetch: (_request, env, _ctx, identity) => new Response(`${env.HOST}${identity.subject}`),
}) satisfies ExportedHandler<Mine>;

export const optional = withPomerium(
  {
    fetch(_request, _env, _ctx, identity) {
      holds<Equal<typeof identity, Identity | undefined>>();
      return new Response(identity?.email);
    },
  },
  { optional: true },
) satisfies ExportedHandler<Env>;

export const keys = createGuard((env: { KEYS: KVNamespace }) => ({ audience: 'a', store: kvStore(env.KEYS) }));
keys satisfies ExportedHandler<{ KEYS: KVNamespace }>;
export const assets = createGuard<{ ASSETS: Fetcher }>((env) => ({ upstream: env.ASSETS }));
export const perTenant = createGuard<{ TENANTS: DispatchNamespace }>({
  upstream: (request, env, _ctx, identity) => {
    holds<Equal<typeof identity, Identity | undefined>>();
    return env.TENANTS.get(new URL(request.url).hostname);
  },
}) satisfies ExportedHandler<{ TENANTS: DispatchNamespace }>;
export const onRequest: PagesFunction<Env, string, { identity?: Identity }> = createOnRequest<Env>();

export const ready: PagesFunction<{ DB: D1Database }>[] = [onRequestForPages];

/** The same calls as over a binding that `wrangler types` typed. */
export async function overBinding(auth: Service<typeof PomeriumAuth>): Promise<string | number> {
  const { identity, refusal } = await auth.verify(null);
  if (refusal) return refusal.status;
  const groups: readonly string[] = identity.groups;
  const { department } = identity.claims;
  return `${groups}${identity.subject}${identity.route?.from}${department}${identity.onBehalfOf?.email}`;
}

/** An identity survives the methods of one's own entrypoints, too. */
export class Whoami extends WorkerEntrypoint<Env> {
  async whoami(identity: Identity): Promise<Identity> {
    return identity;
  }
  async verdict(): Promise<AuthResult> {
    return this.env.AUTH.verify(null);
  }
}
export async function ofWhoami(whoami: Service<typeof Whoami>, identity: Identity): Promise<string | undefined> {
  return (await whoami.whoami(identity)).email;
}
export class Own extends createAuth<Env>({ audience: 'a' }) {}

// @ts-expect-error a request as it is would lose its body to the call
export const eaten = (auth: Service<typeof PomeriumAuth>, request: Request) => auth.verifyRequest(request);
// @ts-expect-error there is no such binding
withPomerium({ fetch: (_request, env) => new Response(env.NOPE) });
// @ts-expect-error nobody may come here, and then there is no subject
withPomerium({ fetch: (_request, _env, _ctx, { subject }) => new Response(subject) }, { optional: true });
// @ts-expect-error an upstream is a URL, or has a fetch
createGuard({ upstream: () => 1 });
