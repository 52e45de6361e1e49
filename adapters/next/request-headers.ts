import * as nextCache from 'next/cache.js';
import { headers } from 'next/headers.js';
import { configurationError } from '../../core/adapter.ts';

/** Since Next.js 16.3. Asked for before it is read: a mock that has not all of `next/cache` throws for what it has not. */
const io: (() => Promise<void>) | undefined = 'io' in nextCache ? nextCache.io : undefined;

const IN_CACHE =
  "getIdentity() and requireIdentity() cannot be called in 'use cache' or unstable_cache: what it keeps is for everybody. Call them outside and hand in what the cached code needs, or write 'use cache: private'.";

const NO_REQUEST =
  'Next.js knows of no request here. In the Pages Router give it: getIdentity(req), requireIdentity(req). Otherwise call them while a request is answered.';

/**
 * The headers of the request that is being answered, ready for code that looks at the clock: with Cache Components that is an
 * error in what is prerendered, and `io()` says that what follows is not. Elsewhere it does nothing.
 *
 * @throws {PomeriumError} `invalid_configuration` where there is no request, and in `'use cache'`
 */
export async function requestHeaders(): Promise<Headers> {
  let found: Headers;
  try {
    found = await headers();
  } catch (error) {
    throw explain(error);
  }
  await io?.();
  return found;
}

/**
 * Ensures that what was asked before is not kept for everybody: React remembers it in `unstable_cache`, too, where Next.js refuses
 * headers.
 *
 * @throws {Error} in `unstable_cache` and `'use cache'`
 */
export async function requireUncached(): Promise<void> {
  try {
    await headers();
  } catch (error) {
    if (isOfCache(error)) throw explain(error);
  }
}

function isOfCache(error: unknown): boolean {
  return error instanceof Error && /"use cache|unstable_cache/.test(error.message);
}

/** What Next.js throws to end a prerender, and says about a page's own settings, is not for us to change. */
function explain(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (isOfCache(error)) return sayFirst(error, IN_CACHE);
  if (/outside a request scope/.test(error.message)) return configurationError(NO_REQUEST);
  return error;
}

/** In the error of Next.js itself, which it has kept, and reports whatever is thrown after it. */
function sayFirst(error: Error, sentence: string): Error {
  const message = `${sentence}\n${error.message}`;
  const stack = error.stack?.replace(error.message, () => message);
  return Object.assign(error, { message, stack });
}
