import { withPomerium } from '../../../../adapters/aws-lambda/index.ts';
import { remoteKeys } from '../../../../core/index.ts';

/** As examples/aws-sam/app.ts, but it gives up on Pomerium sooner; as CommonJS it cannot await `handler.ready`. */
export const handler = withPomerium((_event, _context, identity) => ({ statusCode: 200, body: identity.email ?? '' }), {
  keys: remoteKeys(process.env['POMERIUM_JWKS_URL'] ?? '', { timeout: 0.3 }),
});
