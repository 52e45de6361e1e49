import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { bundleWorker, COMPATIBILITY_DATE } from '../bundle-worker.ts';
import type { GuardSetup } from './scenario.ts';
import type { StandIn } from './stand-in.ts';

export interface Guards {
  /** The URL of the guard that is configured so. */
  url(setup: GuardSetup): string;
  close(): Promise<void>;
}

/**
 * Guards in real workerd. The one with the real clock is, byte for byte, what `wrangler deploy` would upload; those
 * for recorded requests are the same code behind an entry that sets their clock.
 */
export async function startGuards(
  setups: readonly GuardSetup[],
  standIn: Pick<StandIn, 'jwksUrl'>,
  upstream: string,
  onOutput: (output: string) => void,
): Promise<Guards> {
  const distinct = [...new Map(setups.map((setup) => [keyOf(setup), setup])).entries()];
  const [deployable, clocked] = await Promise.all([bundle(undefined), bundle(CLOCKED)]);
  const options = convertV4MiniflareOptions({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    handleStructuredLogs: ({ message }) => onOutput(message),
    workers: distinct.map(([key, setup]) => ({
      name: key,
      compatibilityDate: COMPATIBILITY_DATE,
      modules: [{ type: 'ESModule', path: 'guard.js', contents: setup.clock === undefined ? deployable : clocked }],
      bindings: {
        POMERIUM_AUDIENCE: setup.audience,
        POMERIUM_JWKS_URL: standIn.jwksUrl(setup.jwks),
        POMERIUM_UPSTREAM: upstream,
        ...(setup.issuer !== undefined && { POMERIUM_ISSUER: setup.issuer }),
        ...(setup.policy !== undefined && { POMERIUM_POLICY: JSON.stringify(setup.policy) }),
        ...(setup.clock !== undefined && { LOCAL_CLOCK: String(setup.clock) }),
      },
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    })),
  });
  const miniflare = new Miniflare(options);
  const urls = new Map<string, string>();
  for (const [key] of distinct) urls.set(key, (await miniflare.unsafeGetDirectURL(key)).origin);
  return {
    url: (setup) => urls.get(keyOf(setup)) ?? '',
    close: () => miniflare.dispose(),
  };
}

const CLOCKED = 'scripts/start/clocked-guard.ts';
const bundles = new Map<string | undefined, Promise<string>>();

/** Wrangler takes seconds, and the guard is started twice. */
function bundle(entry: string | undefined): Promise<string> {
  const known = bundles.get(entry) ?? bundleWorker(entry === undefined ? {} : { entry }).then(({ code }) => code);
  bundles.set(entry, known);
  return known;
}

/** A Worker's name may hold letters, digits and hyphens. */
function keyOf({ audience, issuer = '', jwks = 'live', clock, policy }: GuardSetup): string {
  return ['guard', jwks, audience, issuer, clock ?? 'now', policy ? 'policy' : '']
    .join('-')
    .replace(/[^a-z0-9]+/gi, '-');
}
