/** What Next.js leaves on the `fetch` that it puts in the place of the runtime's: that one. */
interface PatchedFetch {
  readonly _nextOriginalFetch?: typeof fetch;
}

/** Marks a request as one of Next.js's own, which no setting of a page is for. Others ignore it. */
const INTERNAL = { next: { internal: true } };

/**
 * The runtime's `fetch`, past the Data Cache of Next.js, which outlives restarts and deployments: keys from there would verify
 * after Pomerium took them away. A page's `fetchCache` overrides `cache: 'no-store'`, and Next.js documents no way around
 * that. Of the two that it has (`server/lib/patch-fetch.ts` of 15.5 and 16.4) each is enough; the second also gets through what
 * wraps Next.js's `fetch` in turn. test/e2e/next/data-cache.test.ts shows it with `next start`.
 */
export const uncachedFetch: typeof fetch = (input, init) => {
  const { fetch }: { fetch: typeof globalThis.fetch & PatchedFetch } = globalThis;
  const original = fetch._nextOriginalFetch ?? fetch;
  return original(input, { ...init, ...INTERNAL });
};
