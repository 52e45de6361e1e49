/** Checked by the compiler only. */
import type { Identity } from 'pomerium-edge';
import {
  type AuthService,
  cacheStore,
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

createGuard({
  rules: [{ path: '/x', access: 'public' }],
  upstream: 'route',
  claimHeaders: { 'x-a': 'a' },
}) satisfies ExportedHandler<Record<string, never>>;
createOnRequest({ audience: 'a' });
class Mine extends PomeriumAuth {}
const service: AuthService = new Mine({}, {});
const { identity, refusal } = await service.verify('');
if (refusal) holds<Equal<typeof refusal.status, number>>();
else holds<Equal<typeof identity, Identity>>();

// @ts-expect-error a rule has a path or a prefix
createGuard({ rules: [{ access: 'public' }] });
// @ts-expect-error nobody is never let in by this
withPomerium({ fetch: () => new Response() }, { allowAnonymous: true });
