import { McpServer } from '@modelcontextprotocol/server';
import { createMcpHandler } from 'agents/mcp/server';
import type { Identity } from 'pomerium-edge';
import { restart, whoami } from './tools.ts';

/** A server for one request, and so for one person: there is no session that somebody else could go on with. */
function serverFor(identity: Identity): McpServer {
  const server = new McpServer({ name: 'my-mcp-server', version: '1.0.0' });
  server.registerTool('whoami', whoami.config, () => whoami.run(identity));
  server.registerTool('restart', restart.config, (input) => restart.run(identity, input));
  return server;
}

export function answerStateless(request: Request, env: Env, ctx: ExecutionContext, identity: Identity) {
  return createMcpHandler(() => serverFor(identity), { route: '/mcp' })(request, env, ctx);
}
