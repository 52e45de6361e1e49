import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers';
import type { Identity } from 'pomerium-edge';
import { createGuard, getIdentity, PomeriumAuth, verifyThrough, withPomerium } from 'pomerium-edge/cloudflare';

export { PomeriumAuth };

/** A handler with a state of its own, which its methods need as `this`. */
class Counter {
  #events: string[] = [];

  async fetch(request: Request, env: Env, ctx: ExecutionContext, identity?: Identity): Promise<Response> {
    ctx.waitUntil(Promise.resolve());
    const { pathname } = new URL(request.url);
    return Response.json({ pathname, audience: env.POMERIUM_AUDIENCE, user: identity?.user, events: this.#events });
  }

  async scheduled(controller: ScheduledController): Promise<void> {
    this.#events.push(controller.cron);
  }

  async queue(batch: MessageBatch<string>): Promise<void> {
    for (const { body } of batch.messages) this.#events.push(body);
  }
}
export default withPomerium(new Counter()) satisfies ExportedHandler<Env, string>;

/** What an entrypoint is told: by the request, and by the props of its caller. */
const tell = async (request: Request, props: unknown) =>
  Response.json({
    user: getIdentity(request)?.user ?? null,
    email: request.headers.get('x-pomerium-claim-email'),
    props,
    body: await request.text(),
  });

class Told extends WorkerEntrypoint<Env, { identity?: Identity }> {
  override async fetch(request: Request): Promise<Response> {
    return tell(request, this.ctx.props);
  }

  async greet(): Promise<string> {
    return 'hello';
  }
}
export const Entry = withPomerium(Told);

/** Not behind the gate itself: for `ctx.exports` only. */
export class Inner extends Told {}

export class FetchInField extends withPomerium(Told) {
  override fetch = async (request: Request) => tell(request, 'a field');
}
export class FetchInSubclass extends withPomerium(Told) {
  override async fetch(request: Request): Promise<Response> {
    return tell(request, 'a subclass');
  }
}
class ToldByField extends Told {
  override fetch = async (request: Request) => tell(request, 'a field of its own');
}
export const FieldBehind = withPomerium(ToldByField);

export class Room extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    return tell(request, 'a room');
  }
}

export const toEntrypoint = createGuard({ upstream: (_request, _env, ctx) => ctx.exports.Inner });
export const toProps = createGuard({
  upstream: (_request, _env, ctx, identity) => ctx.exports.Inner({ props: identity ? { identity } : {} }),
});
export const toRoom = createGuard({
  upstream: (_request, env: Env, _ctx, identity) => env.ROOM.get(env.ROOM.idFromName(identity?.user ?? 'nobody')),
});
export const toUrl = createGuard({
  upstream: (request) => new URL(request.headers.get('x-upstream') ?? 'https://nowhere.invalid'),
});
export const toNothing = createGuard({ upstream: async () => 'https://app.example.com/base' });
export const toRoute = createGuard({ upstream: 'route' });

/** As Sentry and OpenTelemetry do it: a new `env` with each request. */
const inside = withPomerium({ fetch: (_request, _env, _ctx, identity) => Response.json(identity.user) });
export const wrappedEnv = {
  fetch: (request, env, ctx) => inside.fetch(request, { ...env }, ctx),
} satisfies ExportedHandler<Env>;

export const throughAuth = {
  async fetch(request, env) {
    const { identity, refusal } = await verifyThrough(env.AUTH, request);
    if (refusal) return Response.json(refusal.code, { status: refusal.status });
    return Response.json({ user: identity.user, body: await request.text() });
  },
} satisfies ExportedHandler<Env>;
