import { createFactory } from 'hono/factory';
import { streamSSE } from 'hono/streaming';
import type { IdentityVariables } from 'pomerium-edge/hono';

const factory = createFactory<{ Variables: IdentityVariables }>();

/** A stream goes on when the assertion with which it began has expired, so it ends itself then. */
export const clock = factory.createHandlers((c) =>
  streamSSE(c, async (stream) => {
    const { email, expiresAt } = c.var.identity;
    while (!stream.aborted && Date.now() < expiresAt * 1000) {
      await stream.writeSSE({ data: `${new Date().toISOString()} ${email}` });
      await stream.sleep(1000);
    }
  }),
);
