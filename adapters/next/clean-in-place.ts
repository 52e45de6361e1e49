import type { NextRequest } from 'next/server.js';

/** The same object with these headers: a copy would lose what `nextUrl` knows of `basePath` and locales. */
export function cleanInPlace(request: NextRequest, headers: Headers): NextRequest {
  for (const name of [...request.headers.keys()]) if (!headers.has(name)) request.headers.delete(name);
  for (const [name, value] of headers) if (request.headers.get(name) !== value) request.headers.set(name, value);
  return request;
}
