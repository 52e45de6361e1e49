import { Hono } from 'hono';
import { hc, type InferResponseType } from 'hono/client';
import { createFactory } from 'hono/factory';
import { assert, describe, expectTypeOf, test } from 'vitest';
import {
  type IdentityVariables,
  type OptionalIdentityVariables,
  pomerium,
  requirePolicy,
} from '../../../adapters/hono/index.ts';
import { type Identity, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';

const key = await makeKey();
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const headers = { 'x-pomerium-jwt-assertion': await sign(key, { groups: ['admins'] }) };
const admins = { allow: { or: [{ groups: 'admins' }] } };

/** Each way in which people write an app. The compiler checks the types. */
describe('c.var.identity', () => {
  test('in a chain, after requirePolicy() too', async () => {
    const app = new Hono().use(pomerium(options)).get('/', requirePolicy(admins), (c) => {
      expectTypeOf(c.var.identity).toEqualTypeOf<Identity>();
      return c.text(c.var.identity.subject);
    });
    assert.equal(await (await app.request('/', { headers })).text(), 'u-alice');
  });

  test('in statement style, with IdentityVariables', async () => {
    const app = new Hono<{ Variables: IdentityVariables }>();
    app.use(pomerium(options));
    app.get('/', (c) => {
      expectTypeOf(c.get('identity')).toEqualTypeOf<Identity>();
      expectTypeOf(c.var.identity).toEqualTypeOf<Identity>();
      return c.text(c.var.identity.subject);
    });
    assert.equal(await (await app.request('/', { headers })).text(), 'u-alice');
  });

  test('where requests for nobody pass, with OptionalIdentityVariables', async () => {
    const app = new Hono<{ Variables: OptionalIdentityVariables }>();
    app.use(pomerium({ ...options, optional: true }));
    app.get('/', (c) => {
      expectTypeOf(c.var.identity).toEqualTypeOf<Identity | undefined>();
      return c.text(c.var.identity?.subject ?? 'nobody');
    });
    assert.equal(await (await app.request('/')).text(), 'nobody');
  });

  test('in a sub-app', async () => {
    const account = new Hono<{ Variables: IdentityVariables }>().get('/', (c) => c.text(c.var.identity.subject));
    const app = new Hono().use(pomerium(options)).route('/account', account);
    assert.equal(await (await app.request('/account', { headers })).text(), 'u-alice');
  });

  test('in the apps and handlers of a factory', async () => {
    const factory = createFactory<{ Variables: IdentityVariables }>({ initApp: (app) => app.use(pomerium(options)) });
    const handlers = factory.createHandlers(requirePolicy(admins), (c) => {
      expectTypeOf(c.var.identity).toEqualTypeOf<Identity>();
      return c.text(c.var.identity.subject);
    });
    const app = factory.createApp().get('/', ...handlers);
    assert.equal(await (await app.request('/', { headers })).text(), 'u-alice');
    assert.equal((await app.request('/')).status, 401);
  });

  test('in what an RPC client gets', async () => {
    const app = new Hono().use(pomerium(options)).get('/me', (c) => c.json({ email: c.var.identity.email }));
    const client = hc<typeof app>('http://app.example', { headers, fetch: app.request });
    expectTypeOf<InferResponseType<typeof client.me.$get>>().toEqualTypeOf<{ email: string | undefined }>();
    assert.deepEqual(await (await client.me.$get()).json(), { email: 'alice@example.com' });
  });
});
