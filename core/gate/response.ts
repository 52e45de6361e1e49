import { ASSERTION_HEADER } from './headers.ts';

/**
 * The headers that keep an answer to one identity out of shared caches: `Vary` on the assertion, and `Cache-Control: private,
 * no-cache` where the code set none (CVE-2025-48947). `get`: a header of the answer, by its lower-case name.
 */
export function privateHeaders(get: (name: string) => string | null | undefined): [name: string, value: string][] {
  const vary = get('vary');
  const isVaried = vary?.split(',').some((one) => ['*', ASSERTION_HEADER].includes(one.trim().toLowerCase()));
  const headers: [string, string][] = isVaried
    ? []
    : [['vary', vary ? `${vary}, ${ASSERTION_HEADER}` : ASSERTION_HEADER]];
  return get('cache-control') ? headers : [...headers, ['cache-control', 'private, no-cache']];
}

/** The answer with these headers. An upgrade stays as it is: it is the client's and the upstream's alone. */
export function withHeaders(response: Response, headers: Iterable<readonly [name: string, value: string]>): Response {
  if (response.status === 101) return response;
  const changed = new Response(response.body, response);
  for (const [name, value] of headers) changed.headers.set(name, value);
  return changed;
}
