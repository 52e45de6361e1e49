import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { createRemoteJWKSet, jwtVerify } from 'jose';

/** The same as with-aws-jwt-verify.ts, with jose. */
const logger = new Logger({ serviceName: 'authorizer' });
const metrics = new Metrics({ namespace: 'Authorizer', serviceName: 'authorizer' });
const audience = process.env['POMERIUM_AUDIENCE'] ?? '';
const keys = createRemoteJWKSet(new URL(process.env['POMERIUM_JWKS_URL'] ?? ''));
await keys.reload();

export const handler = async (event: { headers: Record<string, string> }) => {
  try {
    const token = event.headers['x-pomerium-jwt-assertion'] ?? '';
    const { payload } = await jwtVerify(token, keys, { issuer: audience, audience, algorithms: ['ES256'] });
    logger.info('allowed');
    metrics.singleMetric().addMetric('Decisions', 'Count', 1);
    return { isAuthorized: true, context: { subject: payload.sub } };
  } catch (error) {
    logger.warn('refused', error as Error);
    return { isAuthorized: false };
  }
};
