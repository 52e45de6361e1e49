/** Checked by the compiler only. */
import type { Identity, JwksStore } from 'pomerium-edge';
import {
  createMiddleware,
  createRefreshRoute,
  edgeConfigStore,
  runtimeCacheStore,
  type VercelOptions,
  withPomerium,
} from 'pomerium-edge/vercel';
import { type Equal, holds } from './equal.ts';

const middleware = createMiddleware({ audience: 'a' });
export const response: Promise<Response> = middleware(new Request('https://a.test/'));
export const composed = createMiddleware({}, (request, context, identity) => {
  holds<Equal<[typeof request, typeof identity], [Request, Identity | undefined]>>();
  context.waitUntil?.(Promise.resolve());
  return undefined;
});

// Next's route handlers must not have a second parameter that is no context.
export const GET: (request: Request) => Promise<Response> = withPomerium((_request, identity) =>
  Response.json(identity.subject satisfies string),
);
export const POST: (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response> = withPomerium(
  async (_request, _identity, { params }: { params: Promise<{ id: string }> }) => Response.json((await params).id),
);

export const stores: JwksStore[] = [runtimeCacheStore({ namespace: 'n' }), edgeConfigStore()];
export const refresh: (request: Request) => Promise<Response> = createRefreshRoute({ rewriteAfter: 60 });

// @ts-expect-error an adapter's identity is always somebody
export const anonymous: VercelOptions = { allowAnonymous: true };
// @ts-expect-error the route keeps the Edge Config itself
createRefreshRoute({ store: edgeConfigStore() });
