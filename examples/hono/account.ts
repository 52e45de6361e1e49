import { Hono } from 'hono';
import type { IdentityVariables } from 'pomerium-edge/hono';

/** A sub-app, and in statement style: it has to be told what `pomerium()` of the app around it sets. */
export const account = new Hono<{ Variables: IdentityVariables }>();

account.get('/', (c) => c.json({ id: c.var.identity.subject, name: c.var.identity.name }));
