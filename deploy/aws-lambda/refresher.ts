import { Logger } from '@aws-lambda-powertools/logger';
import { createRefresher } from 'pomerium-edge/aws-lambda';

const serviceName = process.env['AWS_LAMBDA_FUNCTION_NAME'] || 'pomerium-refresher';

/** Keeps the SSM parameter that `POMERIUM_JWKS_SSM` names. */
export const handler = createRefresher({ logger: new Logger({ serviceName }) });
