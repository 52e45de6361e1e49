import { Logger } from '@aws-lambda-powertools/logger';
import { createRefresher } from 'pomerium-edge/aws-lambda';

/** Keeps the SSM parameter that `serverless.yml` names. */
export const handler = createRefresher({ logger: new Logger({ serviceName: 'pomerium-refresher' }) });
