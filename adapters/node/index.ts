/**
 * Servers of Node.js: Express, Connect, Koa, Fastify, plain `node:http`, and the frameworks that run behind one of these.
 *
 * @module pomerium-edge/node
 */
export { createOnRequest, type FastifyReplyLike, type FastifyRequestLike } from './fastify.ts';
export type { PomeriumOptions } from './gate.ts';
export { type KoaContextLike, type PomeriumMiddleware, pomerium, type UpgradeListener } from './middleware.ts';
