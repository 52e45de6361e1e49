import {
  ASSERTION_FOR_HEADER,
  type Identity,
  type PomeriumErrorCode,
  readAssertion,
  readHeader,
} from '../../core/adapter.ts';
import type { AuthorizerRequest } from './events.ts';

/** Only strings, numbers and booleans: REST, WebSocket and AppSync take nothing else. */
export type Context = Record<string, string | number | boolean>;

/** API Gateway takes 8 KB for a whole answer. */
const MAX_CONTEXT_BYTES = 7168;

export interface PolicyAnswer {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    readonly Statement: readonly {
      readonly Action: string;
      readonly Effect: 'Allow' | 'Deny';
      readonly Resource: string;
    }[];
  };
  readonly context: Context;
}

export interface SimpleAnswer {
  readonly isAuthorized: boolean;
  readonly context: Context;
}

export interface AppSyncAnswer {
  readonly isAuthorized: boolean;
  readonly resolverContext: Context;
  /** Seconds. */
  readonly ttlOverride: number;
}

export type AuthorizerAnswer = PolicyAnswer | SimpleAnswer | AppSyncAnswer;

export interface AnswerOptions {
  readonly scope: 'method' | 'stage';
  readonly responses: 'simple' | 'policy' | undefined;
  /** Seconds for which AppSync may keep an answer, where it is the answer for whoever sends the same token. */
  readonly ttlOverride: number;
}

/** What lets the request in, for whoever asks. */
export function allow(identity: Identity, request: AuthorizerRequest, options: AnswerOptions): AuthorizerAnswer {
  const { caller, arn } = request;
  const context = contextOf(identity);
  if (caller === 'appsync') {
    return { isAuthorized: true, resolverContext: context, ttlOverride: secondsKept(request, options) };
  }
  if (isSimple(caller, options)) return { isAuthorized: true, context };
  const resource = options.scope === 'stage' ? stageArn(arn) : arn;
  return policy(identity.subject, 'Allow', resource, context);
}

/**
 * What keeps it out. A REST API answers 401 only to an error with exactly this message; a refusal by policy is a 403 everywhere.
 * The code is in the context, for access logs and gateway responses.
 */
export function refuse(
  { code, status }: { code: PomeriumErrorCode; status: number },
  request: AuthorizerRequest,
  options: AnswerOptions,
): AuthorizerAnswer {
  const { caller, arn } = request;
  const context = { code };
  if (caller === 'appsync') {
    // What is no assertion that holds may be what others send beside theirs.
    const ttlOverride = code === 'policy_denied' ? secondsKept(request, options) : 0;
    return { isAuthorized: false, resolverContext: context, ttlOverride };
  }
  if (isSimple(caller, options)) return { isAuthorized: false, context };
  if (caller === 'rest' && status !== 403) throw new Error('Unauthorized');
  return policy('refused', 'Deny', arn, context);
}

/**
 * AppSync keeps an answer for the token of `Authorization` and looks at no other header: everybody who sends the same token
 * gets it. So it may keep only one that depends on the token alone.
 */
function secondsKept({ headers }: AuthorizerRequest, { ttlOverride }: AnswerOptions): number {
  const token = readHeader(headers, 'authorization')?.replace(/^bearer +/i, '');
  const isAssertion = token !== undefined && token === readAssertion(headers);
  return isAssertion && readHeader(headers, ASSERTION_FOR_HEADER) === undefined ? ttlOverride : 0;
}

/** Whether what lets this request in is a policy for its method and path alone, which holds them as patterns. */
export function isPolicyForPath(caller: AuthorizerRequest['caller'], options: AnswerOptions): boolean {
  return options.scope === 'method' && caller !== 'appsync' && !isSimple(caller, options);
}

/** Simple answers belong to payload 2.0, where they are the rule; 1.0 may have them, too. */
function isSimple(caller: AuthorizerRequest['caller'], { responses }: AnswerOptions): boolean {
  if (caller === 'rest') return false;
  return (responses ?? (caller === 'http-2.0' ? 'simple' : 'policy')) === 'simple';
}

function policy(principalId: string, effect: 'Allow' | 'Deny', resource: string, context: Context): PolicyAnswer {
  return {
    principalId,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: resource }],
    },
    context,
  };
}

/** A path holds what a client wrote, and `*` and `?` in a policy are any text: such a path is not put into one that allows. */
export function isExact(arn: string): boolean {
  return !/[*?]/.test(arn);
}

/** Every method and path of the stage: only ever right where the answers are cached. */
function stageArn(arn: string): string {
  return `${arn.split('/').slice(0, 2).join('/')}/*`;
}

/** The identity as scalars, `groups` as a JSON string. Where all are too much, `truncated` says so and groups end early. */
export function contextOf(identity: Identity): Context {
  const { subject, user, email, name, sessionId, tokenId, issuer, issuedAt, expiresAt, onBehalfOf, route } = identity;
  const known = { subject, user, email, name, sessionId, tokenId, issuer, issuedAt, expiresAt };
  const more = {
    ...(onBehalfOf && { onBehalfOf: onBehalfOf.subject }),
    ...(route && { route: route.name ?? route.from }),
  };
  const context = Object.fromEntries(
    Object.entries({ ...known, ...more }).filter(([, value]) => value !== undefined),
  ) as Context;
  const groups = [...identity.groups];
  const isTooMuch = () =>
    sizeOf({ ...context, groups: JSON.stringify(groups), truncated: 'groups' }) > MAX_CONTEXT_BYTES;
  while (groups.length > 0 && isTooMuch()) groups.splice(Math.floor(groups.length * 0.9));
  const isCut = groups.length < identity.groups.length;
  return { ...context, groups: JSON.stringify(groups), ...(isCut && { truncated: 'groups' }) };
}

function sizeOf(context: Context): number {
  return new TextEncoder().encode(JSON.stringify(context)).length;
}
