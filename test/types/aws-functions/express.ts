import { withPomerium } from 'pomerium-edge/aws-lambda';

declare const app: unknown;
declare function serverlessExpress(options: { app: unknown }): (event: unknown, context: unknown) => Promise<unknown>;

const inner = serverlessExpress({ app });
export const handler = withPomerium((event, context, identity) => inner(event, Object.assign(context, { identity })));
