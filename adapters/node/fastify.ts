import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Identity } from '../../core/adapter.ts';
import { createNodeGate, type PomeriumOptions } from './gate.ts';
import { bodyOf, headersOf } from './refusal.ts';

/** The part of a Fastify request that is used. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage | Http2ServerRequest;
  identity?: Identity | undefined;
}

/** The part of a Fastify reply that is used. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse | Http2ServerResponse;
  code(status: number): unknown;
  header(name: string, value: string | string[]): unknown;
  send(payload?: Buffer): unknown;
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
    // Those of HTTP/2 have all that is used of those of HTTP/1.
    const raw = request.raw as IncomingMessage;
    const refusal = await gate.refusal(raw, targetOf(raw));
    if (refusal) return send(refusal, reply);
    gate.markAnswer(reply.raw as ServerResponse);
    request.identity = raw.identity;
    return undefined;
  };
}

/** As bytes, of which Fastify knows the length: it cannot answer HEAD with a `Response`. Nothing has no type, either. */
async function send(answer: Response, reply: FastifyReplyLike): Promise<unknown> {
  const body = await bodyOf(answer);
  reply.code(answer.status);
  for (const [name, value] of headersOf(answer)) reply.header(name, value);
  return reply.send(body.length > 0 ? body : undefined);
}

/** With `rewriteUrl`, `url` is what is served, and `originalUrl` what Pomerium sent. */
function targetOf({ url, originalUrl }: IncomingMessage & { originalUrl?: string }) {
  return { url, ...(originalUrl !== undefined && { sent: { targets: [originalUrl] } }) };
}
