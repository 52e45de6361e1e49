import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import connect from 'connect';
import express from 'express';
import { fastify } from 'fastify';
import Koa from 'koa';
import { createOnRequest, type PomeriumOptions, pomerium } from '../../../adapters/node/index.ts';

/** It comes without types. */
const { default: express4 } = (await import('express-4' as string)) as { default: typeof express };

/** What runs behind the gate, and gives the body of the answer. */
export type Seen = (req: IncomingMessage) => string;

/** A server for each way to stand before somebody's code, which answers every path with what `seen` gives. */
export const SERVERS: Readonly<Record<string, (options: PomeriumOptions, seen: Seen) => Promise<Server> | Server>> = {
  'node:http': (options, seen) => {
    const gate = pomerium(options);
    return createServer((req, res) => gate(req, res, () => res.end(seen(req))));
  },
  Express: (options, seen) => expressServer(express(), options, seen),
  'Express 4': (options, seen) => expressServer(express4(), options, seen),
  Connect: (options, seen) => {
    const app = connect().use(pomerium(options));
    app.use((req, res) => {
      res.end(seen(req));
    });
    return createServer(app);
  },
  Koa: (options, seen) => {
    const app = new Koa().use(pomerium(options));
    app.use((ctx) => {
      ctx.body = seen(ctx.req);
    });
    return createServer(app.callback());
  },
  Fastify: async (options, seen) => {
    let listener: RequestListener = () => {};
    const app = fastify({
      serverFactory: (handler) => {
        listener = handler;
        return createServer(listener);
      },
    });
    app.addHook('onRequest', createOnRequest(options));
    app.all('*', async (request) => seen(request.raw));
    await app.ready();
    return app.server;
  },
};

function expressServer(app: express.Express, options: PomeriumOptions, seen: Seen): Server {
  app.use(pomerium(options));
  app.use((req, res) => {
    res.send(seen(req));
  });
  return createServer(app);
}

/** As `koa-mount` does it: what is mounted sees the rest of the path, in `ctx.path` and in `req.url`. */
export function mountInKoa(prefix: string, middleware: Koa.Middleware): Koa.Middleware {
  return async (ctx, next) => {
    const { path } = ctx;
    if (path !== prefix && !path.startsWith(`${prefix}/`)) return next();
    const rest = path.slice(prefix.length) || '/';
    ctx.path = rest;
    await middleware(ctx, async () => {
      ctx.path = path;
      await next();
      ctx.path = rest;
    });
    ctx.path = path;
  };
}

/** Has the server listen while the work lasts. */
export async function whileListening<Result>(server: Server, work: (url: string) => Promise<Result>): Promise<Result> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
