import type { IncomingMessage, ServerResponse } from 'node:http';
import { consoleLog, createGate, type GateOptions, type GateRequest, type Identity } from '../../core/adapter.ts';
import { beforeHeaders } from './answer-headers.ts';
import { forwardHeaders, forwardTrailers, pairsOf } from './request-headers.ts';

interface Identified {
  /** Behind `pomerium-edge/node`: for whom the request is. Undefined for nobody, where options let nobody pass. */
  identity?: Identity | undefined;
}

declare module 'node:http' {
  interface IncomingMessage extends Identified {}
}

/** h3 and srvx hand over either. */
declare module 'node:http2' {
  interface Http2ServerRequest extends Identified {}
}

/** Options of every gate (docs/gate.md). `onRefused` gets the request as it came. */
export type PomeriumOptions = GateOptions<IncomingMessage>;

/** Where a request is for, where that is not just `req.url`. */
export type Target = Pick<GateRequest, 'url' | 'sent'>;

export interface NodeGate {
  /** The answer to a request that is refused. Otherwise `req.identity` is set and the headers are those that may go on. */
  refusal(req: IncomingMessage, target: Target): Promise<Response | undefined>;
  /** Marks the answer as one for one identity, when its headers are written. */
  markAnswer(res: ServerResponse): void;
}

/** @throws {PomeriumError} `invalid_configuration` */
export function createNodeGate(options: PomeriumOptions): NodeGate {
  const gate = createGate(process.env, options, {
    without: { endAtExpiry: 'end what is open in your own handler, at req.identity.expiresAt' },
    log: consoleLog(console),
  });
  return {
    async refusal(req, target) {
      // `req.headers` has joined some of the lines with one name, and dropped others.
      const request = { method: req.method, headers: pairsOf(req.rawHeaders), ...target };
      const result = await gate.authorize(request);
      if (result.type === 'refuse') return gate.refuse(result.error, request, req);
      forwardHeaders(req, result.headers);
      forwardTrailers(req, result.headers);
      req.identity = result.identity;
      return undefined;
    },
    markAnswer(res) {
      beforeHeaders(res, () => {
        const get = (name: string) => [res.getHeader(name) ?? []].flat().join(', ');
        for (const [name, value] of gate.answerHeaders(get)) res.setHeader(name, value);
      });
    },
  };
}
