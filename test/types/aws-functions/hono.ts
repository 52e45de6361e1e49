import { Hono } from 'hono';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import type { Identity } from 'pomerium-edge';
import { withPomerium } from 'pomerium-edge/aws-lambda';

const app = new Hono<{ Bindings: { lambdaContext: LambdaContext & { identity: Identity } } }>();
app.get('/', (c) => c.text(`Hello ${c.env.lambdaContext.identity.email}`));

const inner = handle(app);
export const handler = withPomerium((event: LambdaEvent, context: LambdaContext, identity) =>
  inner(event, Object.assign(context, { identity })),
);
