import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { compilePolicy, type Identity } from 'pomerium-edge';
import { z } from 'zod';

const RESTARTERS = compilePolicy({ allow: { or: [{ groups: 'admins' }] } });

/** A server for one request, and so for one person. */
export function mcpServerFor(identity: Identity): McpServer {
  const server = new McpServer({ name: 'my-mcp-server', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Says who you are' }, () => answer(identity.email ?? identity.subject));
  server.registerTool(
    'restart',
    { description: 'Restarts a service', inputSchema: z.object({ service: z.string() }) },
    ({ service }) => {
      if (RESTARTERS.decide({ identity }).allowed) return answer(`${service} restarts.`);
      return { ...answer('Only admins restart services.'), isError: true };
    },
  );
  return server;
}

function answer(text: string) {
  return { content: [{ type: 'text' as const, text }] };
}
