import { Hono } from 'hono';
import { createGuard, type GuardEnvironment, withPomerium } from 'pomerium-edge/cloudflare';
import { pomerium } from 'pomerium-edge/hono';

interface Env extends GuardEnvironment {
  readonly JWKS: string;
}
interface Context {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
}

const app = new Hono().use(pomerium()).all('*', (c) => c.text(`${c.var.identity.name}`));
const seats: Record<string, { fetch(request: Request, env: GuardEnvironment, ctx: Context): unknown }> = {
  guard: createGuard(),
  withPomerium: withPomerium({
    fetch: async (request: Request, _env: GuardEnvironment, _ctx: Context, identity: { name?: string | undefined }) =>
      new Response(`${identity.name}${await request.text()}`),
  }),
  hono: app as never,
  ending: withPomerium({ fetch: async () => new Response('a body') }, { endAtExpiry: true }),
};

/** One Worker with a guard, a wrapper and a Hono app, each with keys of its own: the first segment says which is asked. */
export default {
  fetch(request: Request, { JWKS, ...env }: Env, ctx: Context) {
    const [, seat = ''] = new URL(request.url).pathname.split('/');
    return seats[seat]?.fetch(request, { ...env, POMERIUM_JWKS_URL: `${JWKS}/${seat}` }, ctx);
  },
};
