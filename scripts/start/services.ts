import { existsSync } from 'node:fs';
import type { Service } from '../../cli/dev/state.ts';
import { installProject } from '../../test/support/example-project.ts';
import { HOST } from '../../test/support/issuer.ts';
import { startOslsOffline } from '../osls-offline.ts';
import { startProcess } from '../processes.ts';
import { ROOT, tool } from '../run.ts';
import { startGuards } from './guards.ts';
import type { Log } from './log.ts';

interface Started extends Service {
  /** Of a service that is a process: resolves when it has ended. */
  readonly ended?: Promise<unknown>;
}

/**
 * A service behind each adapter, on its real runtime, with the keys of this URL: each answers, as JSON, for whom a
 * request is. They end with `stopProcesses` and this process; `onEnd` gets the name of one that ends.
 */
export async function startServices(
  jwksUrl: string,
  log: Log,
  onEnd: (name: string) => void,
): Promise<readonly Service[]> {
  const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: jwksUrl };
  const started = await Promise.all([
    startGuard(jwksUrl, log),
    startHono(env, log),
    startLambda(env, log),
    startNext(env, log),
  ]);
  const services = started.filter((service) => service !== undefined);
  for (const { name, ended } of services) ended?.then(() => onEnd(name));
  return services.map(({ name, url }) => ({ name, url }));
}

type Environment = Readonly<Record<string, string>>;

async function startGuard(jwksUrl: string, log: Log): Promise<Started> {
  const setup = { audience: HOST };
  // Without an upstream it answers with the identity.
  const guards = await startGuards([setup], { jwksUrl: () => jwksUrl }, '', log.from('guard'));
  return { name: 'Guard Worker (workerd)', url: `${guards.url(setup)}/` };
}

async function startHono(env: Environment, log: Log): Promise<Started> {
  // A project of its own, which finds pomerium-edge only where it is installed.
  const { folder, remove } = await installProject('examples/hono');
  process.once('exit', remove);
  const app = startProcess(process.execPath, ['node.ts'], {
    cwd: folder,
    env: { ...env, PORT: '0' },
    onOutput: log.from('hono'),
  });
  const url = await app.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
  return { name: 'Hono (Node.js)', url: `${url}/`, ended: app.ended };
}

async function startLambda(env: Environment, log: Log): Promise<Started> {
  const { url, ended } = await startOslsOffline(env, log.from('lambda'));
  return { name: 'Lambda authorizer (osls offline)', url: `${url}/http`, ended };
}

/** Only if it is built: `npx next build examples/nextjs`. */
async function startNext(env: Environment, log: Log): Promise<Started | undefined> {
  if (!existsSync(`${ROOT}examples/nextjs/.next/BUILD_ID`)) return undefined;
  const args = ['start', 'examples/nextjs', '-H', '127.0.0.1', '-p', '0'];
  const app = startProcess(tool('next'), args, { env, onOutput: log.from('next') });
  const url = await app.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
  return { name: 'Next.js', url: `${url}/api/me`, ended: app.ended };
}
