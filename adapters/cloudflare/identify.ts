import { type Identity, verifiedHeaders } from '../../core/adapter.ts';

const identities = new WeakMap<Request, Identity>();

/** The verified identity of a request that `withPomerium` or `onRequest` handed on; not that of a clone of it. */
export function getIdentity(request: Request): Identity | undefined {
  return identities.get(request);
}

/** The request for code behind: without unverified Pomerium headers, but with the verified assertion. */
export function identified(request: Request, identity: Identity): Request {
  const cleaned = new Request(request, { headers: verifiedHeaders(request.headers, identity) });
  identities.set(cleaned, identity);
  identities.set(request, identity);
  return cleaned;
}
