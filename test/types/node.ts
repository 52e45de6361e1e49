/** Checked by the compiler only. */
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import express from 'express';
import { fastify } from 'fastify';
import Koa from 'koa';
import type { Identity, PomeriumError } from 'pomerium-edge';
import { createOnRequest, type PomeriumOptions, pomerium } from 'pomerium-edge/node';
import { type Equal, holds } from './equal.ts';

const gate = pomerium({
  audience: 'a',
  onRefused: (error, req) => {
    holds<Equal<typeof error, PomeriumError>>();
    return Response.redirect(`https://a${req.url}`);
  },
});

express()
  .use(gate)
  .get('/', (req, res) => {
    holds<Equal<typeof req.identity, Identity | undefined>>();
    res.send(req.identity?.email);
  });

new Koa().use(gate).use((ctx) => {
  ctx.body = ctx.req.identity?.email;
});

createServer((req, res) => gate(req, res, () => res.end(req.identity?.email))).on(
  'upgrade',
  gate.onUpgrade((req, socket, head) => {
    holds<Equal<typeof head, Buffer>>();
    socket.end(req.identity?.email);
  }),
);

createHttp2Server((req, res) =>
  gate(req, res, () => {
    holds<Equal<typeof req.identity, Identity | undefined>>();
    res.end(`${req.identity?.email}`);
  }),
);

declare module 'fastify' {
  interface FastifyRequest {
    identity: Identity;
  }
}
fastify()
  .addHook('onRequest', createOnRequest({ audience: 'a' }))
  .get('/', async (request) => {
    holds<Equal<typeof request.identity, Identity>>();
    return request.raw.identity?.email;
  });

fastify({ http2: true }).addHook('onRequest', createOnRequest({ audience: 'a' }));

declare const some: PomeriumOptions;
pomerium(some);
// @ts-expect-error a misspelt option
pomerium({ audiense: 'a' });
// @ts-expect-error nobody is never let in by this
createOnRequest({ allowAnonymous: true });
// @ts-expect-error a refusal is answered with a Response
pomerium({ onRefused: () => 'no' });
