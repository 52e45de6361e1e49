import { Logger } from '@aws-lambda-powertools/logger';
import { createRefresher } from 'pomerium-edge/aws-lambda';

const { POWERTOOLS_SERVICE_NAME, AWS_LAMBDA_FUNCTION_NAME } = process.env;
const serviceName = POWERTOOLS_SERVICE_NAME || AWS_LAMBDA_FUNCTION_NAME || 'pomerium-refresher';

/** Keeps the SSM parameter that `POMERIUM_JWKS_SSM` names. */
export const handler = createRefresher({ logger: new Logger({ serviceName }) });
