import { readdirSync, readFileSync } from 'node:fs';
import middy from '@middy/core';
import {
  createAuthorizer,
  createEdgeHandler,
  type LambdaOptions,
  pomeriumMiddleware,
  withPomerium,
} from '../../../adapters/aws-lambda/index.ts';
import { type Policy, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';

/** The events are written after those of each service (test/vectors/aws-events/README.md). */
const FOLDER = new URL('../../vectors/aws-events/', import.meta.url);
const PLACEHOLDER = '{{assertion}}';

export const ASSERTION = 'x-pomerium-jwt-assertion';

const key = await makeKey();
/** By whom an event is sent. */
export const SENDERS = {
  good: await sign(key),
  expired: await sign(key, { exp: 1 }),
  stranger: await sign(await makeKey()),
  'for another host': await sign(key, { aud: 'other.example.com', iss: 'other.example.com' }),
};
export const { good } = SENDERS;
const logger = { info() {}, warn() {}, error() {} };
const options = {
  audience: HOST,
  keys: staticKeys(jwks(key)),
  now: () => NOW,
  log: false,
  logger,
} satisfies LambdaOptions;

/** Of nobody's: thrown back by all. */
export const FOREIGN = /^(foreign-|edge-.*-response$)/;

export const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace('.json', ''));

/** With the assertion in the place of the placeholder, or with no header for it and other text elsewhere. */
export function readEvent(name: string, assertion?: string): object {
  const text = readFileSync(new URL(`${name}.json`, FOLDER), 'utf8');
  return JSON.parse(text, (member, value) => {
    if (assertion === undefined && /^x-pomerium-jwt-assertion$/i.test(member)) return undefined;
    return typeof value === 'string' ? value.replace(PLACEHOLDER, assertion ?? 'none') : value;
  });
}

/** An event that came without the assertion as it would be with it. */
export function addAssertion(event: object, assertion: string): object {
  const { headers, multiValueHeaders } = event as Record<string, object | null | undefined>;
  return {
    ...event,
    headers: { ...headers, [ASSERTION]: assertion },
    ...(multiValueHeaders !== undefined && { multiValueHeaders: { ...multiValueHeaders, [ASSERTION]: [assertion] } }),
  };
}

export type Call = (event: never, context: never) => Promise<unknown>;

/** What the function behind a gate saw, and for whom. */
export let seen: { readonly email: string | undefined; readonly event: unknown }[] = [];
const answerOrder = (event: unknown, identity: { email?: string | undefined } | undefined) => {
  seen.push({ email: identity?.email, event });
  return { statusCode: 200, body: 'the order' };
};

/** `own`: the beginning of the names of its events. */
export const ENTRIES: Readonly<
  Record<string, { own: string; make(more: { policy?: Policy; optional?: boolean }): Call }>
> = {
  createAuthorizer: {
    own: 'authorizer-',
    make: (more) => createAuthorizer({ ...options, ...more, allowBearer: true }),
  },
  withPomerium: {
    own: 'function-',
    make: (more) => withPomerium((event, _context, identity) => answerOrder(event, identity), { ...options, ...more }),
  },
  pomeriumMiddleware: {
    own: 'function-',
    make: (more) => {
      const handler = middy()
        .use(pomeriumMiddleware({ ...options, ...more }))
        .handler(async (event) => answerOrder(event, event.identity));
      return handler;
    },
  },
  createEdgeHandler: {
    own: 'edge-',
    make: (more) => createEdgeHandler({ ...options, ...more, cachingDisabled: true }) as Call,
  },
};

export type Outcome = Record<string, unknown> & { readonly thrown?: Error };

export async function outcomeOf(call: Call, event: object): Promise<Outcome> {
  seen = [];
  try {
    return Object(await call(event as never, { awsRequestId: 'r' } as never));
  } catch (error) {
    return { thrown: error as Error };
  }
}
