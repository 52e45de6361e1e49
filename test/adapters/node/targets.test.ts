import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { fastify } from 'fastify';
import Koa from 'koa';
import { afterAll, beforeAll, describe } from 'vitest';
import { createOnRequest, type PomeriumOptions, pomerium } from '../../../adapters/node/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { key, testTargets } from '../../e2e/raw-targets-cases.ts';
import { RULES } from '../../e2e/raw-targets-rules.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import { mountInKoa } from './servers.ts';

const options: PomeriumOptions = {
  audience: HOST,
  keys: staticKeys(jwks(key)),
  rules: RULES,
  now: () => NOW,
  log: false,
};
const PAGES = { '/': 'start page', '/public': 'public page', '/admin/{*rest}': 'ADMIN SECRET' };

const SERVERS: Readonly<Record<string, () => Server | Promise<Server>>> = {
  Express: () => {
    const app = express().use(pomerium(options));
    for (const [path, page] of Object.entries(PAGES)) app.get(path, (_req, res) => void res.send(page));
    return createServer(app);
  },
  'Express, in a router that is mounted': () => {
    const router = express.Router().use(pomerium(options));
    router.get('/{*rest}', (_req, res) => void res.send('ADMIN SECRET'));
    const app = express().use('/admin', router).use(pomerium(options));
    for (const [path, page] of Object.entries(PAGES)) app.get(path, (_req, res) => void res.send(page));
    return createServer(app);
  },
  'Koa, in a gate that is mounted': () => {
    const app = new Koa().use(mountInKoa('/admin', pomerium(options)));
    const answer = (body: string) => (ctx: Koa.Context) => {
      ctx.body = body;
    };
    app.use(mountInKoa('/admin', answer('ADMIN SECRET'))).use(pomerium(options));
    const pages: Readonly<Record<string, string>> = PAGES;
    app.use((ctx) => answer(pages[ctx.path] ?? '')(ctx));
    return createServer(app.callback());
  },
  Fastify: async () => {
    const app = fastify({
      routerOptions: { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true, caseSensitive: false },
    });
    app.addHook('onRequest', createOnRequest(options));
    for (const [path, page] of Object.entries(PAGES)) app.get(path.replace('{*rest}', '*'), async () => page);
    await app.ready();
    return app.server;
  },
};

for (const [name, start] of Object.entries(SERVERS)) {
  describe(`targets as they are sent, to ${name}`, () => {
    let server: Server;
    beforeAll(async () => {
      server = await start();
      await once(server.listen(0, '127.0.0.1'), 'listening');
    });
    afterAll(() => void server.close());
    testTargets(() => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}
