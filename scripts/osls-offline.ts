import { freePort } from './free-port.ts';
import { type RunningProcess, startProcess } from './processes.ts';
import { tool } from './run.ts';
import { serve } from './start/server.ts';

/** What osls and the AWS SDK want, though nothing here reaches AWS. */
export const OSLS_ENVIRONMENT = {
  SLS_TELEMETRY_DISABLED: '1',
  SLS_NOTIFICATIONS_MODE: 'off',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_REGION: 'us-east-1',
};

/**
 * The root's `serverless.yml` behind an offline API Gateway: its HTTP API at `/http`, its REST API at `/rest`. `lambdaUrl`:
 * Lambda's own API.
 */
export async function startOslsOffline(
  env: Readonly<Record<string, string>>,
  onOutput?: (output: string) => void,
): Promise<RunningProcess & { url: string; lambdaUrl: string }> {
  // SSM that keeps no parameter: the authorizer asks for the keys itself, and the refresher, which runs each minute, can write.
  const ssm = await serve((request, response) => {
    const isWrite = request.headers['x-amz-target'] === 'AmazonSSM.PutParameter';
    response.writeHead(isWrite ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(isWrite ? '{"Tier":"Standard","Version":1}' : '{"__type":"ParameterNotFound"}');
  });
  const [http = '', lambda = '', socket = '', alb = ''] = (await Promise.all([0, 1, 2, 3].map(freePort))).map(String);
  const ports = ['--httpPort', http, '--lambdaPort', lambda, '--websocketPort', socket, '--albPort', alb];
  const flags = ['--host', '127.0.0.1', '--noPrependStageInUrl', ...ports];
  const offline = startProcess(tool('osls'), ['offline', ...flags], {
    env: { ...OSLS_ENVIRONMENT, AWS_ENDPOINT_URL_SSM: ssm.url, ...env },
    ...(onOutput && { onOutput }),
  });
  await offline.printed(/Server ready: (http:\S+)/);
  return {
    url: `http://127.0.0.1:${http}`,
    lambdaUrl: `http://127.0.0.1:${lambda}`,
    printed: offline.printed,
    ended: offline.ended,
    stop: async () => {
      await Promise.all([offline.stop(), ssm.close()]);
    },
  };
}
