import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Service } from '../../cli/dev/state.ts';
import { HOST } from '../../test/support/issuer.ts';
import { startProcess } from '../processes.ts';
import { ROOT, tool } from '../run.ts';
import { startGuards } from './guards.ts';
import { serve } from './server.ts';

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
  const app = startProcess(process.execPath, ['examples/hono/node.ts'], ROOT, { ...env, PORT: '0' });
  const url = await app.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
  return { name: 'Hono (Node.js)', url: `${url}/`, stop: () => app.stop() };
}

async function startLambda(env: Environment): Promise<Started> {
  // SSM without any parameter: the authorizer then asks for the keys itself.
  const ssm = await serve((_, response) => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end('{"__type":"ParameterNotFound"}');
  });
  const [http = '', lambda = '', socket = '', alb = ''] = await Promise.all([0, 1, 2, 3].map(freePort));
  const ports = ['--httpPort', http, '--lambdaPort', lambda, '--websocketPort', socket, '--albPort', alb];
  const offline = startProcess(
    tool('osls'),
    ['offline', '--host', '127.0.0.1', '--noPrependStageInUrl', ...ports],
    ROOT,
    {
      ...env,
      SLS_TELEMETRY_DISABLED: '1',
      SLS_NOTIFICATIONS_MODE: 'off',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_SSM: ssm.url,
    },
  );
  await offline.printed(/Server ready: (http:\S+)/);
  const stop = () => Promise.all([offline.stop(), ssm.close()]);
  return { name: 'Lambda authorizer (osls offline)', url: `http://127.0.0.1:${http}/http`, stop };
}

/** Only if it is built: `npx next build examples/nextjs`. */
async function startNext(env: Environment): Promise<Started | undefined> {
  if (!existsSync(`${ROOT}examples/nextjs/.next/BUILD_ID`)) return undefined;
  const app = startProcess(tool('next'), ['start', 'examples/nextjs', '-H', '127.0.0.1', '-p', '0'], ROOT, env);
  const url = await app.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
  return { name: 'Next.js', url: `${url}/api/me`, stop: () => app.stop() };
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(typeof address === 'object' && address?.port);
}
