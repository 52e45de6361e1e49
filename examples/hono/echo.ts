import type { Context } from 'hono';
import type { WSEvents } from 'hono/ws';
import type { IdentityVariables } from 'pomerium-edge/hono';

/** A WebSocket outlives the assertion with which it began: each message asks whether that has expired. */
export function echo(c: Context<{ Variables: IdentityVariables }>): WSEvents {
  const { email, expiresAt } = c.var.identity;
  return {
    onMessage(event, socket) {
      if (Date.now() < expiresAt * 1000) socket.send(`${email}: ${event.data}`);
      else socket.close(1008, 'The assertion has expired.');
    },
  };
}
