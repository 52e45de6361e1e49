import type { Identity } from '../../core/adapter.ts';
import { makeGate } from './gate.ts';
import type { VercelOptions } from './options.ts';
import type { WaitUntil } from './platform.ts';
import { withHeaders } from './with-headers.ts';

/** A Web-standard function that is told for whom the request came. `rest`: whatever the platform gives beside the request. */
export type IdentifiedHandler<Rest extends readonly unknown[]> = (
  request: Request,
  identity: Identity,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * Wraps a Web-standard function, or a route handler of Next.js: it is only called for requests that came through Pomerium,
 * without unverified Pomerium headers. Others get a `problemResponse`, or a page where `Accept` asks for one.
 *
 * @example
 * export const GET = withPomerium((request, identity) => new Response(`Hello ${identity.email}`))
 */
export function withPomerium<Rest extends readonly unknown[] = []>(
  handler: IdentifiedHandler<Rest>,
  options: VercelOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const gate = makeGate(options);
  return async (request, ...rest) => {
    const { refusal, headers, identity } = await gate(request, rest[0] as WaitUntil | undefined);
    if (refusal || !identity) return refusal ?? new Response(null, { status: 500 });
    return handler(withHeaders(request, headers), identity, ...rest);
  };
}
