import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { JwtVerifier } from 'aws-jwt-verify';

/** The authorizer as people write it with AWS's own libraries, for the comparison of cold starts. */
const logger = new Logger({ serviceName: 'authorizer' });
const metrics = new Metrics({ namespace: 'Authorizer', serviceName: 'authorizer' });
const audience = process.env['POMERIUM_AUDIENCE'] ?? '';
const jwksUri = process.env['POMERIUM_JWKS_URL'] ?? '';
const verifier = JwtVerifier.create({ issuer: audience, audience, jwksUri });
await verifier.hydrate();

export const handler = async (event: { headers: Record<string, string> }) => {
  try {
    const claims = await verifier.verify(event.headers['x-pomerium-jwt-assertion'] ?? '');
    logger.info('allowed');
    metrics.singleMetric().addMetric('Decisions', 'Count', 1);
    return { isAuthorized: true, context: { subject: claims.sub } };
  } catch (error) {
    logger.warn('refused', error as Error);
    return { isAuthorized: false };
  }
};
