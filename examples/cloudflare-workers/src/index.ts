import { getIdentity, withPomerium } from 'pomerium-edge/cloudflare';

/** A Worker of your own behind Pomerium. `POMERIUM_AUDIENCE` in its variables is all the configuration it needs. */
export default withPomerium({
  async fetch(request, _env, _ctx, identity) {
    const { pathname } = new URL(request.url);
    if (pathname === '/greeting') return new Response(greeting(request));
    return Response.json({ email: identity.email, groups: identity.groups });
  },
}) satisfies ExportedHandler<Env>;

/** Code further in needs the request only. */
function greeting(request: Request): string {
  return `Hello, ${getIdentity(request)?.name ?? 'you'}!`;
}
