import { withPomerium } from 'pomerium-edge/cloudflare';
import { answerInSession } from './session.ts';
import { answerStateless } from './stateless.ts';

export { Session } from './session.ts';

/**
 * An MCP server behind Pomerium, whose route to it needs `pass_identity_headers: true`. At `/mcp` each request stands alone, as
 * Cloudflare recommends today; `/session` is for servers that are an `McpAgent`.
 */
export default withPomerium({
  async fetch(request, env, ctx, identity) {
    const { pathname } = new URL(request.url);
    if (pathname === '/mcp') return answerStateless(request, env, ctx, identity);
    if (pathname === '/session') return answerInSession(request, env, ctx, identity);
    return new Response('Not found', { status: 404 });
  },
}) satisfies ExportedHandler<Env>;
