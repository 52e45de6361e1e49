import { serve } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { createVerifier, staticKeys } from 'pomerium-edge';
import { pomerium } from 'pomerium-edge/hono';

/** One app behind one middleware. Arguments: whose, the host, the JWKS. */
const [whose = '', audience = '', jwks = ''] = process.argv.slice(2);
const MIDDLEWARES: Record<string, () => MiddlewareHandler> = {
  pomerium: () => pomerium({ audience, keys: staticKeys(JSON.parse(jwks)) }),
  createVerifier() {
    const verifier = createVerifier({ audience, keys: staticKeys(JSON.parse(jwks)) });
    return async (c, next) => {
      c.set('identity', await verifier.verify(c.req.header('x-pomerium-jwt-assertion')));
      await next();
    };
  },
  jwtVerify() {
    const keys = createLocalJWKSet(JSON.parse(jwks));
    const options = { algorithms: ['ES256'], audience, issuer: audience, clockTolerance: 60 };
    return async (c, next) => {
      const { payload } = await jwtVerify(c.req.header('x-pomerium-jwt-assertion') ?? '', keys, options);
      c.set('claims', payload);
      await next();
    };
  },
  nothing: () => (_c, next) => next(),
};
const middleware = MIDDLEWARES[whose];
if (!middleware) throw new Error(`${whose} is none of ${Object.keys(MIDDLEWARES).join(', ')}`);

const app = new Hono().use(middleware()).get('/', (c) => c.text('ok'));
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => console.log(`port ${port}`));
