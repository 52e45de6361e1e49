import type { CloudflareEnvironment, CloudflareOptions } from './options.ts';
import type { ServiceBinding } from './platform.ts';

export interface GuardEnvironment extends CloudflareEnvironment {
  /**
   * Where requests go: a URL's origin; `route` for the origin server behind the Worker's own route; or a service binding
   * of this name. Not set: the guard answers with the verified identity, as JSON.
   */
  readonly POMERIUM_UPSTREAM?: string | ServiceBinding;
  /** `true` lets Cloudflare's own cache stand between the guard and its upstream: it knows no assertion. */
  readonly POMERIUM_UPSTREAM_CACHE?: string | boolean;
}

export interface GuardOptions extends CloudflareOptions {
  /** @defaultValue `POMERIUM_UPSTREAM` */
  upstream?: string | ServiceBinding;
  /**
   * Whether requests go through Cloudflare's own cache to the upstream: only where its answers are the same for everybody.
   * @defaultValue `POMERIUM_UPSTREAM_CACHE`, then false
   */
  upstreamCache?: boolean;
}
