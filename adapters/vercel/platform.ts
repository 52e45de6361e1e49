/** What of Vercel's runtime is used here, written down so that users need no particular version of its types. */

/** The second argument of middleware and Edge functions, and Next's `NextFetchEvent`. */
export interface WaitUntil {
  waitUntil?(promise: Promise<unknown>): void;
}

/** The Runtime Cache, as the request's context has it. */
interface RuntimeCacheLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, options?: { name?: string; ttl?: number }): Promise<void>;
}

interface RequestContext extends WaitUntil {
  readonly cache?: RuntimeCacheLike;
}

/**
 * What Vercel lends to the request at hand; empty elsewhere. `@vercel/functions` reads the same (`src/get-context.ts`), but
 * does not tell whether there is one: its `waitUntil` then silently does nothing.
 */
export function requestContext(): RequestContext {
  const { [Symbol.for('@vercel/request-context')]: context } = globalThis as {
    [name: symbol]: { get?(): RequestContext | undefined } | undefined;
  };
  return context?.get?.() ?? {};
}

/** The environment's variables; Edge runtimes need not have `process`. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return globalThis.process?.env ?? {};
}
