import { Metrics } from '@aws-lambda-powertools/metrics';
import { createAuthorizer } from 'pomerium-edge/aws-lambda';

export const handler = createAuthorizer({
  // What the alarms of lib/alarms.ts watch.
  metrics: new Metrics({ namespace: 'PomeriumEdge', serviceName: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'local' }),
});

// The init phase has the most CPU: get the keys there.
await handler.ready;
