import type { H3Event } from 'h3';
import { createVerifierFromEnvironment } from 'pomerium-edge';
import type {} from 'pomerium-edge/node'; // declares req.identity

let verifier: ReturnType<typeof createVerifierFromEnvironment> | undefined; // a build has no environment

/** Who asks, also where a page asks its own server. Rejects with a 401. */
export async function identityOf(event: H3Event) {
  if (event.node.req.identity) return event.node.req.identity;
  verifier ??= createVerifierFromEnvironment(process.env);
  return verifier.verifyRequest(event.node.req);
}
