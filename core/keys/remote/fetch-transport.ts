import { withoutCache } from '../../without-cache.ts';
import type { Transport } from './transport.ts';

/** `fetch`: the runtime's own where there is none, looked up at each call. */
export function fetchTransport(
  fetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init),
): Transport {
  return async (url, { headers, signal }) => {
    // We are the cache. manual: workerd has no redirect: 'error', and a redirect must not choose our keys.
    const response = await fetch(url, { headers, signal, redirect: 'manual', ...withoutCache() });
    const reader = response.body?.getReader();
    return {
      status: response.type === 'opaqueredirect' ? 302 : response.status,
      header: (name) => response.headers.get(name),
      read: async () => (await reader?.read())?.value,
      discard: () => reader?.cancel(),
    };
  };
}
