import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { createAuthorizer } from 'pomerium-edge/aws-lambda';

/** The authorizer that `serverless.yml` deploys: configured by the environment, heard in logs and metrics. */
export const handler = createAuthorizer({
  logger: new Logger({ serviceName: 'pomerium-authorizer' }),
  metrics: new Metrics({ namespace: 'PomeriumEdge', serviceName: 'pomerium-authorizer' }),
});

await handler.ready;
