/** Checked by the compiler only. */
import { Hono } from 'hono';
import { hc } from 'hono/client';
import { compileRoutes, type Identity, type PomeriumError } from 'pomerium-edge';
import { type PomeriumOptions, pomerium, requirePolicy } from 'pomerium-edge/hono';
import { type Equal, holds } from './equal.ts';

const app = new Hono()
  .use(pomerium({ audience: 'a' }))
  .get('/me', (c) => {
    holds<Equal<typeof c.var.identity, Identity>>();
    return c.json({ email: c.var.identity.email ?? null });
  })
  .post('/admin', requirePolicy({ allow: {} }), (c) => c.json({ by: c.var.identity.subject }));

const client = hc<typeof app>('https://a/');
const me = await (await client.me.$get()).json();
holds<Equal<typeof me, { email: string | null }>>();
const admin = await (await client.admin.$post()).json();
holds<Equal<typeof admin, { by: string }>>();

new Hono().use(pomerium({ optional: true })).get('/', (c) => {
  holds<Equal<typeof c.var.identity, Identity | undefined>>();
  // @ts-expect-error nobody may be signed in
  return c.text(c.var.identity.subject);
});

declare const isLocal: boolean;
declare const some: PomeriumOptions;
for (const gate of [
  pomerium({ optional: isLocal }),
  pomerium({ allowPreflight: true }),
  pomerium({ routes: [{ from: 'https://a', to: 'http://b' }] }),
  pomerium((c) => ({ routes: compileRoutes(c.env.ROUTES), leaveToPomerium: ['date'] })),
  pomerium({ rules: [{ prefix: '/', access: 'authenticated' }] }),
  pomerium(() => ({ audience: 'a', optional: isLocal })),
  pomerium(some),
]) {
  new Hono().use(gate).get('/', (c) => {
    holds<Equal<typeof c.var.identity, Identity | undefined>>();
    return c.text('');
  });
}
for (const gate of [
  pomerium(),
  pomerium({ optional: false, allowPreflight: false, shared: true, onRefused: async () => undefined }),
  pomerium(() => ({ audience: 'a', removeHeaders: ['x-a'], claimHeaders: ['a'], corsOrigins: ['*'] })),
  pomerium({ listClaims: ['roles'], leaveToPomerium: ['date'] }),
]) {
  new Hono().use(gate).get('/', (c) => {
    holds<Equal<typeof c.var.identity, Identity>>();
    return c.text('');
  });
}
pomerium({
  onRefused: (error, request) => {
    holds<Equal<typeof error, PomeriumError>>();
    holds<Equal<typeof request, Request>>();
    return Response.redirect(request.url);
  },
});

new Hono<{ Bindings: { HOST: string } }>()
  .use(pomerium((c) => ({ audience: String(c.env.HOST) })))
  .get('/', (c) => c.text(c.var.identity.subject + c.env.HOST));

new Hono().use(pomerium({ optional: true })).get('/admin', requirePolicy({ allow: {} }), (c) => {
  holds<Equal<typeof c.var.identity.subject, string>>();
  return c.text(c.var.identity.subject);
});

requirePolicy({ allow: {} }, { listClaims: ['roles'], leaveToPomerium: ['date'] });

// @ts-expect-error a misspelt option
pomerium({ audiense: 'a' });
// @ts-expect-error nobody is never let in by this
pomerium({ allowAnonymous: true });
// @ts-expect-error a refusal is answered with a Response
pomerium({ onRefused: () => 'no' });
// @ts-expect-error an option is no text
pomerium({ optional: 'true' });
