import { type AuthService, PomeriumAuth } from 'pomerium-edge/cloudflare';

export { PomeriumAuth };

/** A Worker that asks `PomeriumAuth` over a service binding for whom each request is. */
export default {
  async fetch(request: Request, { AUTH }: { AUTH: AuthService }): Promise<Response> {
    const { identity, refusal } = await AUTH.verifyRequest({
      method: request.method,
      url: request.url,
      headers: request.headers,
    });
    return Response.json(identity?.subject ?? refusal?.code, { status: refusal?.status ?? 200 });
  },
};
