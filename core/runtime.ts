/**
 * Whether this is workerd. `process` alone says nothing: its nodejs_compat has one, too, with a version of Node.js. And
 * `navigator` is missing before the compatibility date 2022-03-21, and with the flag `no_global_navigator`. Elsewhere
 * `WebSocketPair` may be somebody's imitation.
 */
export const IS_WORKERD: boolean =
  globalThis.navigator?.userAgent === 'Cloudflare-Workers' ||
  /native code/.test(String((globalThis as { WebSocketPair?: unknown }).WebSocketPair));

/**
 * Whether a request may wait for a promise that another request started. On workerd such a promise never settles
 * once its own request is over (panva/jose#355), and Edge runtimes promise nothing better; Node.js, Bun and Deno
 * run all requests in one event loop.
 */
export const SHARES_PROMISES: boolean =
  !IS_WORKERD &&
  !('EdgeRuntime' in globalThis) &&
  typeof (globalThis as { process?: { versions?: { node?: unknown } } }).process?.versions?.node === 'string';

/**
 * Whether `Headers` write a text's UTF-8 bytes by themselves. That is workerd; elsewhere they take a byte string, one
 * character a byte, as Fetch has it, and throw for any other character.
 */
export const HEADERS_TAKE_TEXT: boolean = IS_WORKERD;
