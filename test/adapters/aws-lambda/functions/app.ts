import { httpsTransport } from '../../../../adapters/aws-lambda/https-transport.ts';
import { withPomerium } from '../../../../adapters/aws-lambda/index.ts';
import { platformKeys } from '../../../../core/keys/remote/remote.ts';

/** As examples/aws-sam/app.ts, but it gives up on Pomerium sooner; as CommonJS it cannot await `handler.ready`. */
export const handler = withPomerium((_event, _context, identity) => ({ statusCode: 200, body: identity.email ?? '' }), {
  keys: platformKeys(process.env['POMERIUM_JWKS_URL'] ?? '', {
    timeout: 0.3,
    ...(process.env['TEST_TRANSPORT'] === 'node:https' && { transport: httpsTransport }),
  }),
});
