import { NextRequest } from 'next/server.js';
import { afterAll, assert, describe, test } from 'vitest';
import { createIdentityFunctions, createProxy } from '../../../adapters/next/index.ts';
import { createMiddleware, createRefreshRoute, withPomerium } from '../../../adapters/vercel/index.ts';
import { serve } from '../../../scripts/start/server.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';
import { ASSERTION, key, token } from './support.ts';

const original = globalThis.fetch;

/** Vercel's API and an Edge Config that holds nothing. */
let written = 0;
const vercel = await serve((incoming, response) => {
  if (incoming.method === 'PATCH') written += 1;
  response.writeHead(incoming.method === 'PATCH' ? 200 : 404, { 'x-edge-config-digest': 'd' }).end('{}');
});
afterAll(() => vercel.close());

const URL = 'https://app.test/';
const headers = { [ASSERTION]: token };
// With a clock of its own none shares its memory with another.
const options = { now: () => NOW, log: false };
const SECRET = 'a secret of the cron';

/** Everything of these adapters that fetches keys. Each gives the status of its answer. */
const CALLERS: Record<string, () => Promise<number>> = {
  createMiddleware: async () => (await createMiddleware(options)(new Request(URL, { headers }))).status,
  createProxy: async () =>
    (await createProxy(options)(new NextRequest(URL, { headers }), { waitUntil: () => {} } as never)).status,
  withPomerium: async () =>
    (await withPomerium(() => new Response('in'), options)(new Request(URL, { headers }))).status,
  getIdentity: async () => ((await createIdentityFunctions(options).getIdentity({ headers })) ? 200 : 401),
  createRefreshRoute: async () => {
    const route = createRefreshRoute({ api: vercel.url, now: () => NOW });
    const { status } = await route(new Request(URL, { headers: { authorization: `Bearer ${SECRET}` } }));
    assert.equal(written, 1, 'and writes them');
    written = 0;
    return status;
  },
};

type Patch = (cached: typeof fetch) => typeof fetch;
const isInternal = (init: RequestInit | undefined) =>
  (init as { next?: { internal?: boolean } } | undefined)?.next?.internal === true;

/** What may stand in the place of `fetch`; `cached` is what its callers must not get to. */
const PATCHES: [name: string, patch: Patch][] = [
  ['Next.js’s own', (cached) => Object.assign(cached.bind(undefined), { _nextOriginalFetch: original })],
  ['what wraps Next.js’s own', (cached) => (input, init) => (isInternal(init) ? original : cached)(input, init)],
  ['the runtime’s', () => original],
];

describe('keys are fetched past the Data Cache of Next.js', () => {
  for (const [caller, ask] of Object.entries(CALLERS)) {
    for (const [name, patch] of PATCHES) {
      test(`by ${caller}, where fetch is ${name}`, async () => {
        const origin = await Origin.start(jwksAnswer(jwks(key)));
        const env = {
          POMERIUM_AUDIENCE: HOST,
          POMERIUM_JWKS_URL: origin.url,
          CRON_SECRET: SECRET,
          POMERIUM_EDGE_CONFIG_TOKEN: 'token',
          EDGE_CONFIG: `${vercel.url}/ecfg_test?token=read-token`,
        };
        // The client of the Edge Config fetches by itself; what it reads says how old it is.
        const cached: typeof fetch = async (input, init) =>
          String(input).includes('ecfg_test/item') ? original(input, init) : Response.json({ keys: [] });
        globalThis.fetch = patch(cached);
        try {
          assert.equal(await withProcessEnvironment(env, ask), 200);
        } finally {
          globalThis.fetch = original;
        }
        assert.equal(await origin.count(), 1);
      });
    }
  }
});
