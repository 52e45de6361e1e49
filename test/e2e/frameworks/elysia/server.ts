import { serve } from 'bun';
import { Elysia } from 'elysia';
import type { Identity } from 'pomerium-edge';
import { withPomerium } from 'pomerium-edge/vercel';

const identities = new WeakMap<Request, Identity>();
const app = new Elysia()
  .derive(({ request }) => ({ identity: identities.get(request) }))
  .get('/', ({ identity }) => `Hello ${identity?.email}`);

const fetch = withPomerium((request, identity) => {
  identities.set(request, identity);
  return app.fetch(request);
});
const { port } = serve({ port: process.env['PORT'], fetch });
console.log(`Listening on port ${port}`);
