import type { Identity } from '../../core/adapter.ts';
import type { AllowedRequest } from './gate.ts';

const identities = new WeakMap<Request, Identity>();

/**
 * The verified identity of a request that `withPomerium` handed on; not that of a clone of it. Pages makes a new request for
 * each function: there it is `context.data.identity`.
 */
export function getIdentity(request: Request): Identity | undefined {
  return identities.get(request);
}

/** The request for the code behind: with the headers that may go on. */
export function withIdentity(request: Request, { identity, headers }: AllowedRequest): Request {
  const allowed = new Request(request, { headers });
  if (identity) for (const one of [request, allowed]) identities.set(one, identity);
  return allowed;
}
