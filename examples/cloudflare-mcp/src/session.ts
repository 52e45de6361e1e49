import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { getAgentByName } from 'agents';
import { McpAgent } from 'agents/mcp';
import type { Identity } from 'pomerium-edge';
import { restart, whoami } from './tools.ts';

/** A Durable Object for each MCP session. It belongs to the person who began it. */
export class Session extends McpAgent<Env, unknown, { identity: Identity }> {
  server = new McpServer({ name: 'my-mcp-server', version: '1.0.0' });

  async init() {
    this.server.registerTool('whoami', whoami.config, () => whoami.run(this.identity()));
    this.server.registerTool('restart', restart.config, (input) => restart.run(this.identity(), input));
  }

  /** Whether it is this person's. The tools then see the identity of this request: groups change while a session goes on. */
  async admit(identity: Identity): Promise<boolean> {
    if (this.props?.identity.subject !== identity.subject) return false;
    await this.updateProps({ identity });
    return true;
  }

  private identity(): Identity {
    if (!this.props) throw new Error('The session has no props.');
    return this.props.identity;
  }
}

const sessions = Session.serve('/session', { binding: 'SESSION' });

/**
 * `McpAgent` takes the props of the request with which a session begins, and does not look at those of later ones: whoever
 * learns the id of a session would go on with it as the person who began it.
 */
export async function answerInSession(request: Request, env: Env, ctx: ExecutionContext, identity: Identity) {
  const id = request.headers.get('mcp-session-id');
  if (id !== null) {
    const session = await getAgentByName(env.SESSION, `streamable-http:${id}`);
    // Clients begin another session after a 404.
    if (!(await session.admit(identity))) return new Response('Session not found', { status: 404 });
  }
  const cleaned = new Request(request);
  // The SDK's own header: an object that starts anew would take its props from there, whoever wrote it.
  cleaned.headers.delete('x-agents-lifecycle-props');
  return sessions.fetch(cleaned, env, Object.assign(ctx, { props: { identity } }));
}
