import { withPomerium } from 'pomerium-edge/cloudflare';
import { createRequestHandler, RouterContextProvider } from 'react-router';
import { identityContext } from '../app/identity';

const render = createRequestHandler(() => import('virtual:react-router/server-build'), import.meta.env.MODE);

export default withPomerium({
  async fetch(request, env, _ctx, identity) {
    if (request.method === 'GET' || request.method === 'HEAD') {
      const asset = await env.ASSETS.fetch(request);
      if (asset.status !== 404) return asset;
    }
    return render(request, new RouterContextProvider(new Map([[identityContext, identity]])));
  },
});
