import { fastify } from 'fastify';
import type { Identity } from 'pomerium-edge';
import { createOnRequest } from 'pomerium-edge/node';

declare module 'fastify' {
  interface FastifyRequest {
    identity: Identity; // or undefined, where rules or optional let nobody pass
  }
}

const app = fastify();
app.addHook('onRequest', createOnRequest());
app.get('/', async (request) => `Hello ${request.identity.email}`);

await app.listen({ port: Number(process.env['PORT']) });
