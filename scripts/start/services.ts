import { existsSync } from 'node:fs';
import type { Service } from '../../cli/dev/state.ts';
import { installProject } from '../../test/support/example-project.ts';
import { HOST } from '../../test/support/issuer.ts';
import { startOslsOffline } from '../osls-offline.ts';
import { startProcess } from '../processes.ts';
import { ROOT, tool } from '../run.ts';
import { startGuards } from './guards.ts';

export interface Services {
  /** Each answers, as JSON, for whom a request is. */
  readonly services: readonly Service[];
  close(): Promise<void>;
}

interface Started extends Service {
  stop(): Promise<unknown>;
}

/** A service behind each adapter, on its real runtime, with the keys of this URL. */
export async function startServices(jwksUrl: string): Promise<Services> {
  const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: jwksUrl };
  const started = await Promise.all([startGuard(jwksUrl), startHono(env), startLambda(env), startNext(env)]);
  const services = started.filter((service) => service !== undefined);
  return {
    services: services.map(({ name, url }) => ({ name, url })),
    close: async () => {
      await Promise.all(services.map(({ stop }) => stop()));
    },
  };
}

type Environment = Readonly<Record<string, string>>;

async function startGuard(jwksUrl: string): Promise<Started> {
  const setup = { audience: HOST };
  // Without an upstream it answers with the identity.
  const guards = await startGuards([setup], { jwksUrl: () => jwksUrl }, '');
  return { name: 'Guard Worker (workerd)', url: `${guards.url(setup)}/`, stop: guards.close };
}

async function startHono(env: Environment): Promise<Started> {
  // A project of its own, which finds pomerium-edge only where it is installed.
  const { folder, remove } = await installProject('examples/hono');
  const app = startProcess(process.execPath, ['node.ts'], folder, { ...env, PORT: '0' });
  const url = await app.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
  const stop = async () => {
    await app.stop();
    remove();
  };
  return { name: 'Hono (Node.js)', url: `${url}/`, stop };
}

async function startLambda(env: Environment): Promise<Started> {
  const { url, stop } = await startOslsOffline(env);
  return { name: 'Lambda authorizer (osls offline)', url: `${url}/http`, stop };
}

/** Only if it is built: `npx next build examples/nextjs`. */
async function startNext(env: Environment): Promise<Started | undefined> {
  if (!existsSync(`${ROOT}examples/nextjs/.next/BUILD_ID`)) return undefined;
  const app = startProcess(tool('next'), ['start', 'examples/nextjs', '-H', '127.0.0.1', '-p', '0'], ROOT, env);
  const url = await app.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
  return { name: 'Next.js', url: `${url}/api/me`, stop: () => app.stop() };
}
