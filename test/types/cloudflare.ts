/** Checked by the compiler only. */
import { compileRoutes, type Identity } from 'pomerium-edge';
import {
  type AuthService,
  type CloudflareOptions,
  cacheStore,
  createAuth,
  createGuard,
  createOnRequest,
  getIdentity,
  kvStore,
  PomeriumAuth,
  tieredStore,
  withPomerium,
} from 'pomerium-edge/cloudflare';
import { type Equal, holds } from './equal.ts';

/** As Cloudflare's own types have them, in part. */
interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
  readonly props: unknown;
}
interface ExportedHandler<Env> {
  fetch?: (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response>;
  scheduled?: (controller: { scheduledTime: number }, env: Env, ctx: ExecutionContext) => void | Promise<void>;
}
interface KVNamespace {
  get(key: string, options?: Partial<{ type: undefined; cacheTtl: number }>): Promise<string | null>;
  get(key: string, type: 'text'): Promise<string | null>;
  get<T>(key: string, type: 'json'): Promise<T | null>;
  put(
    key: string,
    value: string | ReadableStream,
    options?: { expiration?: number; expirationTtl?: number },
  ): Promise<void>;
}
interface Env {
  DB: { query(): number };
  KEYS: KVNamespace;
}

const worker = withPomerium<Env>({
  async fetch(request, env, ctx, identity) {
    holds<Equal<typeof identity, Identity>>();
    holds<Equal<ReturnType<typeof env.DB.query>, number>>();
    holds<Equal<ReturnType<typeof getIdentity>, Identity | undefined>>();
    ctx.waitUntil(Promise.resolve());
    return new Response(getIdentity(request)?.email);
  },
});
worker satisfies ExportedHandler<Env>;

const whole = withPomerium(
  {
    fetch: (_request: Request, _env: Env, ctx: ExecutionContext, identity: Identity) => {
      ctx.passThroughOnException();
      return new Response(identity.subject);
    },
    scheduled: async (_controller: { scheduledTime: number }, _env: Env) => {},
  },
  (env: Env) => ({ audience: 'a', store: tieredStore(cacheStore({ name: 'x' }), kvStore(env.KEYS)) }),
);
whole satisfies ExportedHandler<Env>;

declare const isLocal: boolean;
declare const some: CloudflareOptions;
const fetchForAnybody = {
  fetch: (_request: Request, _env: Env, _ctx: ExecutionContext, _identity: Identity | undefined) => new Response(),
};
for (const options of [
  { optional: isLocal },
  { optional: true },
  { allowPreflight: true },
  { rules: [{ path: '/x', access: 'public' }] as const },
  { routes: compileRoutes({}) },
  { routes: { routes: [] }, leaveToPomerium: ['date'] },
  some,
]) {
  withPomerium(fetchForAnybody, options) satisfies ExportedHandler<Env>;
  withPomerium(fetchForAnybody, () => options) satisfies ExportedHandler<Env>;
}
withPomerium<Env>(
  {
    fetch: (_request, _env, _ctx, identity) => {
      holds<Equal<typeof identity, Identity | undefined>>();
      return new Response();
    },
  },
  { optional: isLocal },
);
withPomerium<Env>(
  {
    fetch: (_request, _env, _ctx, identity) => {
      holds<Equal<typeof identity, Identity>>();
      return new Response();
    },
  },
  {
    audience: 'a',
    optional: false,
    claimHeaders: { 'x-a': 'a' },
    onRefused: (error, request) => Response.redirect(`${request.url}?${error.code}`),
    endAtExpiry: true,
    logSubject: true,
  },
);

createGuard({
  rules: [{ path: '/x', access: 'public' }],
  upstream: 'route',
  claimHeaders: { 'x-a': 'a' },
}) satisfies ExportedHandler<Record<string, never>>;
createOnRequest({ audience: 'a' });
createOnRequest({ optional: true, keepAssertion: false, listClaims: ['roles'], shared: true, log: false });
createGuard({ upstream: { fetch: async (request) => new Response(request.url) }, upstreamCache: true });
class Mine extends PomeriumAuth {}
const service: AuthService = new Mine({}, {});
const { identity, refusal } = await service.verify('');
if (refusal) holds<Equal<typeof refusal.status, number>>();
else holds<Equal<typeof identity, Identity>>();

createGuard({ routes: [{ from: 'https://a', to: 'http://b' }], listClaims: ['roles'] });
createAuth({ routes: compileRoutes({}) });
holds<Equal<NonNullable<Identity['route']>['from'], string>>();

// @ts-expect-error a route may be for nobody, and then there is no subject
withPomerium({ fetch: (_r, _e, _c, { subject }) => new Response(subject) }, { routes: compileRoutes({}) });
// @ts-expect-error a rule has a path or a prefix
createGuard({ rules: [{ access: 'public' }] });
// @ts-expect-error nobody is never let in by this
withPomerium({ fetch: () => new Response() }, { allowAnonymous: true });
// @ts-expect-error nor by this
createOnRequest({ allowAnonymous: false });
// @ts-expect-error an option of the guard alone
withPomerium({ fetch: () => new Response() }, { upstream: 'route' });
// @ts-expect-error nobody may come here, and then there is no subject
withPomerium({ fetch: (_r, _e, _c, { subject }) => new Response(subject) }, { optional: true });
