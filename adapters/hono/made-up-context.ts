import type { Context } from 'hono';
import { Hono } from 'hono/tiny';

/** A host that nobody has (RFC 2606 section 2). Whatever is made of a part of it has one of its labels. */
export const NO_HOST = 'stranger-1.stranger-2.stranger-3.invalid';
export const LABEL_OF_NO_HOST = /stranger-\d/i;

/** What the platform hands over beside the request. */
export interface Platform {
  readonly env: unknown;
  readonly executionCtx: unknown;
}

/** The context of a request that nobody sent, as Hono itself makes it. */
export function makeContext(request: Request, { env, executionCtx }: Platform): Context {
  let context: Context | undefined;
  const app = new Hono().all('*', (c) => {
    context = c;
    return c.body(null);
  });
  // One handler without a middleware runs at once.
  app.fetch(request, env as object, executionCtx as never);
  if (!context) throw new TypeError('Hono did not call the handler.');
  return context;
}
