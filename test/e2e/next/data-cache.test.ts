import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { serve } from '../../../scripts/start/server.ts';
import { createTestIssuer, type JwksServer } from '../../../testing/index.ts';
import { HOST } from '../../support/issuer.ts';
import { sendRaw } from '../raw-request.ts';
import { makeApp, quickConfig, type Variant } from './apps.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';

const segment = (fetchCache: string, runtime: string) => `
  export const fetchCache = '${fetchCache}';
  export const runtime = '${runtime}';`;

const page = (fetchCache: string, runtime: string) => `
  import { requireIdentity } from 'pomerium-edge/next';
  ${segment(fetchCache, runtime)}
  export default async function Page() { return <p>secret for {(await requireIdentity()).subject}</p>; }`;

const route = (fetchCache: string, runtime: string) => `
  import { withPomerium } from 'pomerium-edge/vercel';
  ${segment(fetchCache, runtime)}
  export const GET = withPomerium((request, identity) => Response.json(identity.subject));`;

/** `fetchCache` is about every `fetch` in its segment: the first caches them all, the second refuses those with `no-store`. */
const FILES = {
  'app/page-node/page.js': page('force-cache', 'nodejs'),
  'app/page-edge/page.js': page('force-cache', 'edge'),
  'app/route-node/route.js': route('force-cache', 'nodejs'),
  'app/page-only/page.js': page('only-cache', 'nodejs'),
};
const PATHS = Object.keys(FILES).map((file) => file.replace(/^app(\/.*)\/[^/]*$/, '$1'));

/** What such a page does to any other fetch: the Data Cache overrides `no-store`. */
const CONTROL = `
  import { headers } from 'next/headers';
  ${segment('force-cache', 'nodejs')}
  export default async function Page() {
    await headers();
    return <p>{await (await fetch(process.env.CONTROL_URL, { cache: 'no-store' })).text()}</p>;
  }`;

const VERSIONS: Variant['next'][] = ['16', '15'];
for (const next of VERSIONS) {
  describe(`the Data Cache of Next.js ${next}`, () => {
    const app = makeApp(next, 'data-cache', {
      'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;',
      'app/control/page.js': CONTROL,
      'next.config.js': quickConfig(next, 'experimental: { authInterrupts: true }'),
      ...FILES,
    });
    let server: JwksServer;
    let control: Awaited<ReturnType<typeof serve>>;
    let controlHits = 0;

    beforeAll(async () => {
      server = await (await createTestIssuer({ host: HOST })).serve();
      control = await serve((_, response) => response.end(`control ${++controlHits}`));
      const { code, output } = await app.build();
      assert.equal(code, 0, output);
    });
    afterAll(async () => {
      await server.close();
      await control.close();
      app.remove();
    });

    /** The statuses of each path for this assertion, in a server that has just started, and how often it fetched the keys. */
    const afterRestart = async (path: string, assertions: readonly string[]) => {
      const running = await app.start({
        POMERIUM_AUDIENCE: HOST,
        POMERIUM_JWKS_URL: server.jwksUrl,
        CONTROL_URL: control.url,
      });
      const before = server.hits;
      try {
        const statuses: number[] = [];
        for (const one of assertions) statuses.push((await sendRaw(running.url, path, [[ASSERTION, one]])).status);
        return { statuses, hits: server.hits - before };
      } finally {
        await running.stop();
      }
    };
    const dataCache = () =>
      globSync('.next/cache/fetch-cache/*', { cwd: app.folder }).map((file) =>
        readFileSync(join(app.folder, file), 'utf8'),
      );

    test('holds what a page with force-cache fetches with no-store, over a restart', async () => {
      for (let start = 0; start < 2; start++)
        assert.deepEqual((await afterRestart('/control', [''])).statuses, [200], `start ${start}`);
      assert.equal(controlHits, 1);
      assert.lengthOf(dataCache(), 1);
    });

    for (const path of PATHS) {
      test(`${path}: never holds keys, and a key that was taken away is refused after a restart`, async () => {
        const issuer = await createTestIssuer({ host: HOST });
        await server.close();
        server = await issuer.serve();
        const old = await issuer.sign();
        assert.deepEqual(await afterRestart(path, [old]), { statuses: [200], hits: 1 });
        await issuer.rotate();
        await issuer.revoke();
        const { statuses, hits } = await afterRestart(path, [await issuer.sign(), old]);
        assert.deepEqual(statuses, [200, 401]);
        assert.isAtLeast(hits, 1);
        assert.lengthOf(dataCache(), 1, 'what the control left there');
      });
    }
  });
}
