import { verifyThrough } from 'pomerium-edge/cloudflare';

/** A Worker that leaves verifying to another one, by a service binding to its `PomeriumAuth`. */
export default {
  async fetch(request, env) {
    const { identity, refusal } = await verifyThrough(env.AUTH, request);
    if (refusal) return Response.json({ code: refusal.code }, { status: refusal.status });
    if (request.method === 'POST') return new Response(`${identity.email} wrote: ${await request.text()}`);
    return new Response(`Hello, ${identity.email}!`);
  },
} satisfies ExportedHandler<Env>;
