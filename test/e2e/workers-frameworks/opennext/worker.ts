import { WorkerEntrypoint } from 'cloudflare:workers';
import { withPomerium } from 'pomerium-edge/cloudflare';
// @ts-ignore: the build writes it.
import app from './.open-next/worker.js';

export default withPomerium(app);

/** For requests of OpenNext's own, which render a page again. Only a binding reaches it. */
export class App extends WorkerEntrypoint {
  override fetch(request: Request): Promise<Response> {
    return app.fetch(request, this.env, this.ctx);
  }
}
