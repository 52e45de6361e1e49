import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../../core/adapter.ts';
import { createNodeGate, type PomeriumOptions } from './gate.ts';

/** The part of a Fastify request that is used. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  identity?: Identity | undefined;
}

/** The part of a Fastify reply that is used. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  send(payload: Response): unknown;
}

/**
 * An `onRequest` hook of Fastify: the same gate as `pomerium()`, for the routes of the instance that it is added to. It sets
 * `request.identity`.
 *
 * @throws {PomeriumError} `invalid_configuration` at once
 *
 * @example
 * ```ts
 * const app = fastify().addHook('onRequest', createOnRequest())
 * ```
 */
export function createOnRequest(
  options: PomeriumOptions = {},
): (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown> {
  const gate = createNodeGate(options);
  return async (request, reply) => {
    const { raw } = request;
    const refusal = await gate.refusal(raw, targetOf(raw));
    if (refusal) return reply.send(refusal);
    gate.markAnswer(reply.raw);
    request.identity = raw.identity;
    return undefined;
  };
}

/** With `rewriteUrl`, `url` is what is served, and `originalUrl` what Pomerium sent. */
function targetOf({ url, originalUrl }: IncomingMessage & { originalUrl?: string }) {
  return { url, ...(originalUrl !== undefined && { sent: { targets: [originalUrl] } }) };
}
