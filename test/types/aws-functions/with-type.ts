import type { APIGatewayProxyHandlerV2 } from 'aws-lambda';
import { withPomerium } from 'pomerium-edge/aws-lambda';

export const handler: APIGatewayProxyHandlerV2 = withPomerium(async (event, _context, identity) => ({
  statusCode: 200,
  body: `${identity.email} asks for ${event.rawPath}`,
}));
