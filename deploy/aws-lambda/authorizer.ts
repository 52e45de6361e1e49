import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { createAuthorizer } from 'pomerium-edge/aws-lambda';

// The alarms know its metrics by this name, one for each stage.
const serviceName = process.env['AWS_LAMBDA_FUNCTION_NAME'] || 'pomerium-authorizer';

/** The authorizer that `serverless.yml` deploys: configured by the environment, heard in logs and metrics. */
export const handler = createAuthorizer({
  logger: new Logger({ serviceName }),
  metrics: new Metrics({ namespace: 'PomeriumEdge', serviceName }),
});

await handler.ready;
