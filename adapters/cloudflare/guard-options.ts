import type { Identity } from '../../core/adapter.ts';
import type { CloudflareEnvironment, CloudflareOptions } from './options.ts';
import type { ServiceBinding } from './platform.ts';
import type { ProjectEnvironment, WorkersContext } from './workers-types.ts';

/** Variables and bindings of the guard. */
export interface GuardEnvironment extends CloudflareEnvironment {
  /**
   * Where requests go: a URL's origin; `route` for the origin server behind the Worker's own route; or a service binding
   * of this name. Not set: the guard answers with the verified identity, as JSON.
   */
  readonly POMERIUM_UPSTREAM?: string | ServiceBinding;
  /** `true` lets Cloudflare's own cache stand between the guard and its upstream: it knows no assertion. */
  readonly POMERIUM_UPSTREAM_CACHE?: string | boolean;
}

/** Where requests go: an origin, `route`, or whatever has a `fetch` (a service binding, assets, a Durable Object's stub). */
export type UpstreamTarget = string | URL | ServiceBinding;

/**
 * Where one request goes. `request` is what will be sent there: without unverified Pomerium headers, with those that were verified.
 * An entrypoint that is not called yet (`ctx.exports.App`) gets the identity as its `props`.
 */
export type UpstreamFor<Env> = (
  request: Request,
  env: Env,
  ctx: WorkersContext,
  identity: Identity | undefined,
) => UpstreamTarget | Promise<UpstreamTarget>;

export interface GuardOptions<Env = ProjectEnvironment> extends CloudflareOptions {
  /**
   * Where requests go, for all of them or, by a function, for each: stubs of Durable Objects, `ctx.exports` and Workers of a
   * dispatch namespace belong to one request.
   * @defaultValue `POMERIUM_UPSTREAM`
   */
  upstream?: UpstreamTarget | UpstreamFor<Env>;
  /**
   * Whether requests go through Cloudflare's own cache to the upstream: only where its answers are the same for everybody.
   * @defaultValue `POMERIUM_UPSTREAM_CACHE`, then false
   */
  upstreamCache?: boolean;
}
