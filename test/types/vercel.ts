/** Checked by the compiler only. */
import type { Identity, JwksStore } from 'pomerium-edge';
import {
  createMiddleware,
  createRefreshRoute,
  edgeConfigStore,
  type MiddlewareOptions,
  runtimeCacheStore,
  type VercelOptions,
  withPomerium,
} from 'pomerium-edge/vercel';
import { type Equal, holds } from './equal.ts';

const middleware = createMiddleware({ audience: 'a' });
export const response: Promise<Response> = middleware(new Request('https://a.test/'));
export const composed = createMiddleware({ keepAssertionOnRewrite: true }, (request, context, identity) => {
  holds<Equal<[typeof request, typeof identity], [Request, Identity | undefined]>>();
  context.waitUntil?.(Promise.resolve());
  return undefined;
});
export const refusing = createMiddleware({
  onRefused: (error, request) => {
    holds<Equal<typeof request, Request>>();
    return error.status === 401 ? Response.redirect(request.url) : undefined;
  },
});

// Next's route handlers must not have a second parameter that is no context.
export const GET: (request: Request) => Promise<Response> = withPomerium((_request, identity) =>
  Response.json(identity.subject satisfies string),
);
export const POST: (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response> = withPomerium(
  async (_request, _identity, { params }: { params: Promise<{ id: string }> }) => Response.json((await params).id),
);

// Where options let requests for nobody pass, the identity may be undefined.
const rules = [{ prefix: '/', access: 'public' }] as const;
const routes = [{ from: 'https://a', to: 'http://b' }];
for (const options of [
  { rules },
  { optional: true },
  { allowPreflight: true },
  { routes },
] satisfies MiddlewareOptions[]) {
  withPomerium((_request, identity) => {
    holds<Equal<typeof identity, Identity | undefined>>();
    return new Response(identity?.email);
  }, options);
}
withPomerium(
  (_request, identity) => {
    holds<Equal<typeof identity, Identity>>();
    return new Response(identity.email);
  },
  { audience: 'a', shared: true },
);
// @ts-expect-error the handler must expect nobody
withPomerium((_request: Request, identity: Identity) => new Response(identity.email), { optional: true as const });

export const stores: JwksStore[] = [runtimeCacheStore({ namespace: 'n' }), edgeConfigStore()];
export const refresh: (request: Request) => Promise<Response> = createRefreshRoute({ rewriteAfter: 60 });
export const refreshOfRoutes = createRefreshRoute({ routes, leaveToPomerium: ['date'] });
export const identityOptions: VercelOptions = { routes, listClaims: ['roles'], leaveToPomerium: ['date'] };

// @ts-expect-error an adapter's identity is always somebody
export const anonymous: VercelOptions = { allowAnonymous: true };
// @ts-expect-error a gate says optional
createMiddleware({ allowAnonymous: true });
// @ts-expect-error the route keeps the Edge Config itself
createRefreshRoute({ store: edgeConfigStore() });
