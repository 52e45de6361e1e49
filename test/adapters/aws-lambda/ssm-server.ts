import { serve } from '../../../scripts/start/server.ts';

/** SSM as the SDK's client speaks to it: JSON over HTTP, the operation in a header. */
export interface SsmServer {
  readonly url: string;
  /** What the parameters hold, by their names. */
  readonly parameters: Map<string, string>;
  /** The operations that were asked for. */
  readonly calls: string[];
  /** Milliseconds before each answer. */
  delay: number;
  /** Answers every call with an error of this name. */
  failure: string | undefined;
  /** The variables with which the SDK's own client of another process comes here. */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startSsm(): Promise<SsmServer> {
  const server = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const operation = String(request.headers['x-amz-target']).replace('AmazonSSM.', '');
    const { Name, Value } = JSON.parse(body);
    ssm.calls.push(operation);
    await new Promise((resolve) => setTimeout(resolve, ssm.delay));
    const answer = (status: number, json: object) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(json));
    if (ssm.failure) answer(400, { __type: ssm.failure });
    else if (operation === 'PutParameter') {
      ssm.parameters.set(Name, Value);
      answer(200, { Version: 1, Tier: 'Standard' });
    } else if (!ssm.parameters.has(Name)) answer(400, { __type: 'ParameterNotFound' });
    else answer(200, { Parameter: { Name, Value: ssm.parameters.get(Name), Type: 'String' } });
  });
  const ssm: SsmServer = {
    url: server.url,
    parameters: new Map(),
    calls: [],
    delay: 0,
    failure: undefined,
    variables: {
      AWS_ENDPOINT_URL_SSM: server.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
    },
    close: server.close,
  };
  return ssm;
}
