import handler, { createServerEntry } from '@tanstack/react-start/server-entry';
import type { Identity } from 'pomerium-edge';
import type {} from 'pomerium-edge/node'; // declares req.identity
import type { ServerRequest } from 'srvx';

declare module '@tanstack/react-start' {
  interface Register {
    server: { requestContext: { identity: Identity | undefined } };
  }
}

export default createServerEntry({
  fetch: (request: ServerRequest) =>
    handler.fetch(request, { context: { identity: request.runtime?.node?.req.identity } }),
});
