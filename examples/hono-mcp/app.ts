import { StreamableHTTPTransport } from '@hono/mcp';
import { Hono } from 'hono';
import { pomerium } from 'pomerium-edge/hono';
import { mcpServerFor } from './mcp-server.ts';

/**
 * An MCP server behind Pomerium, whose route to it needs `pass_identity_headers: true`. It keeps no sessions, so each request
 * stands alone, and nobody can go on with somebody else's.
 */
export const app = new Hono()
  .use(pomerium())
  .post('/mcp', async (c) => {
    const transport = new StreamableHTTPTransport();
    await mcpServerFor(c.var.identity).connect(transport);
    return transport.handleRequest(c);
  })
  .all('/mcp', (c) => c.body(null, 405, { allow: 'POST' }));
