/** The most bytes that a key set may have, fetched or stored; Pomerium's has 236 a key. */
export const MAX_BODY_BYTES = 65_536;

/** How long, in milliseconds, a request waits for a store. */
export const STORE_TIMEOUT = 250;
