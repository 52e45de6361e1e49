import { Hono } from 'hono';
import { pomerium, requirePolicy } from 'pomerium-edge/hono';
import { account } from './account.ts';
import { clock } from './clock.ts';

/** The same app for every runtime; `POMERIUM_AUDIENCE` in its environment is all the configuration it needs. */
export const app = new Hono()
  .get('/status', (c) => c.text('ok'))
  .use(pomerium())
  .get('/', (c) => c.json({ email: c.var.identity.email, groups: c.var.identity.groups }))
  .get('/admin', requirePolicy({ allow: { or: [{ groups: 'admins' }] } }), (c) =>
    c.text(`Welcome, ${c.var.identity.name}`),
  )
  .get('/clock', ...clock)
  .route('/account', account);

/** For RPC clients. */
export type App = typeof app;
