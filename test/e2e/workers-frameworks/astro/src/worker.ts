import { handle } from '@astrojs/cloudflare/handler';
import { withPomerium } from 'pomerium-edge/cloudflare';

export default withPomerium({
  async fetch(request, env, ctx) {
    if (request.method === 'GET' || request.method === 'HEAD') {
      const asset = await env.ASSETS.fetch(request);
      if (asset.status !== 404) return asset;
    }
    return handle(request, env, ctx);
  },
});
