import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { pomerium } from 'pomerium-edge/hono';

/** A service on Node.js that the environment configures. It tells who came, by which route, and with which headers. */
const app = new Hono().use(pomerium({ claimHeaders: [] })).all('*', (c) => {
  const identity: { email?: string | undefined; route?: { from: string } | undefined } | undefined = c.var.identity;
  return c.json({
    email: identity?.email ?? null,
    from: identity?.route?.from ?? null,
    headers: [...c.req.raw.headers],
  });
});

serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => console.log('port', port));
