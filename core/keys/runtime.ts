/**
 * Whether a request may wait for a promise that another request started. On workerd such a promise never settles
 * once its own request is over (panva/jose#355), and Edge runtimes promise nothing better; Node.js, Bun and Deno
 * run all requests in one event loop. `process` alone says nothing: workerd's nodejs_compat has one, too.
 */
export const SHARES_PROMISES: boolean =
  globalThis.navigator?.userAgent !== 'Cloudflare-Workers' &&
  !('EdgeRuntime' in globalThis) &&
  typeof (globalThis as { process?: { versions?: { node?: unknown } } }).process?.versions?.node === 'string';
