/** The most bytes that a key set may have, fetched or stored; Pomerium's has 236 a key. */
export const MAX_BODY_BYTES = 65_536;

/** How long, in milliseconds, a request waits for a store. What comes later is still used. */
export const STORE_READ_LIMIT = 250;

/** How long, in milliseconds, a store may take to write: nobody waits for it. */
export const STORE_WRITE_LIMIT = 10_000;

/**
 * How long, in milliseconds, a request waits for fresh keys while others are at hand, or while the origin is known to fail:
 * half a second, and a little for what ends just then.
 */
export const REFRESH_WAIT = 520;

/** How long, in milliseconds, a request waits to learn whether there is such a key. */
export const UNKNOWN_KEY_WAIT = 2000;
