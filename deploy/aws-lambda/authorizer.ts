import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { createAuthorizer } from 'pomerium-edge/aws-lambda';

// By the function's name the alarms of one stage are told from those of another.
const { POWERTOOLS_SERVICE_NAME, AWS_LAMBDA_FUNCTION_NAME } = process.env;
const serviceName = POWERTOOLS_SERVICE_NAME || AWS_LAMBDA_FUNCTION_NAME || 'pomerium-authorizer';

/** The authorizer that `serverless.yml` deploys: configured by the environment, heard in logs and metrics. */
export const handler = createAuthorizer({
  logger: new Logger({ serviceName }),
  metrics: new Metrics({ namespace: 'PomeriumEdge', serviceName }),
});

await handler.ready;
