import type { AuthService } from 'pomerium-edge/cloudflare';

/** A Worker that leaves verifying to another one, by a service binding to its `PomeriumAuth`. */
export default {
  async fetch(request: Request, env: { AUTH: AuthService }): Promise<Response> {
    const { identity, refusal } = await env.AUTH.verifyRequest({
      method: request.method,
      url: request.url,
      headers: request.headers,
    });
    if (refusal) return Response.json({ code: refusal.code }, { status: refusal.status });
    return new Response(`Hello, ${identity.email}!`);
  },
};
