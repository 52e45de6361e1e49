import { type Identity, type MaybeAnonymous, PomeriumError, readAssertion } from '../../core/adapter.ts';
import { type AuthorizerContext, contextOf } from './authorizer-context.ts';
import { authorizationToken } from './bearer.ts';
import type { AuthorizerRequest } from './events.ts';

/** In bytes of JSON. API Gateway takes 8 KB for a whole answer, AppSync 5 MB of `resolverContext`. */
const MAX_ANSWER = 8000;
const MAX_APPSYNC_ANSWER = 5_000_000;

/** For REST and WebSocket APIs, and for HTTP APIs without simple answers. */
export interface PolicyAnswer {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    // Not a read-only list: no type of @types/aws-lambda would take it.
    readonly Statement: {
      readonly Action: string;
      readonly Effect: 'Allow' | 'Deny';
      readonly Resource: string;
    }[];
  };
  readonly context: AuthorizerContext;
  /** One of the API keys of a REST API's usage plan. */
  readonly usageIdentifierKey?: string;
}

/** For HTTP APIs. */
export interface SimpleAnswer {
  readonly isAuthorized: boolean;
  readonly context: AuthorizerContext;
}

/** For GraphQL APIs of AppSync. */
export interface AppSyncAnswer {
  readonly isAuthorized: boolean;
  readonly resolverContext: AuthorizerContext;
  /** Seconds. */
  readonly ttlOverride: number;
}

/** What `createAuthorizer` answers: the event says which of them. */
export type AuthorizerAnswer = PolicyAnswer | SimpleAnswer | AppSyncAnswer;

export interface AnswerOptions {
  readonly scope: 'method' | 'stage';
  readonly responses: 'simple' | 'policy' | undefined;
  /** Seconds for which AppSync may keep an answer, where it is the answer for whoever sends the same token. */
  readonly ttlOverride: number;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

/** What the options say of somebody. */
export interface Additions {
  readonly context: AuthorizerContext;
  readonly usageIdentifierKey: string | undefined;
}

/**
 * What lets the request in, for whoever asks.
 * @throws {PomeriumError} `invalid_configuration` where not even the ids fit
 */
export function allow(
  identity: Identity,
  request: AuthorizerRequest,
  { context: added, usageIdentifierKey }: Additions,
  options: AnswerOptions,
): AuthorizerAnswer {
  const answerWith = (context: AuthorizerContext): AuthorizerAnswer => {
    const { caller, arn } = request;
    if (caller === 'appsync') {
      return { isAuthorized: true, resolverContext: context, ttlOverride: secondsKept(identity, request, options) };
    }
    if (isSimple(caller, options)) return { isAuthorized: true, context };
    const resource = options.scope === 'stage' ? stageArn(arn) : arn;
    const answer = policy(identity.subject, 'Allow', resource, context);
    return caller === 'rest' && usageIdentifierKey !== undefined ? { ...answer, usageIdentifierKey } : answer;
  };
  const limit = request.caller === 'appsync' ? MAX_APPSYNC_ANSWER : MAX_ANSWER;
  return answerWith(contextOf(identity, { added, fits: (context) => sizeOf(answerWith(context)) <= limit }));
}

/**
 * What keeps it out. A REST API answers 401 only to an error with exactly this message; a refusal by policy is a 403 everywhere.
 * The code is in the context, for access logs and gateway responses. `identity`: whom a policy refused.
 */
export function refuse(
  { error, identity }: { error: PomeriumError; identity?: MaybeAnonymous | undefined },
  request: AuthorizerRequest,
  options: AnswerOptions,
): AuthorizerAnswer {
  const { caller, arn } = request;
  const { code, status } = error;
  const context = { code };
  if (caller === 'appsync') {
    // What is no assertion that holds may be what others send beside theirs.
    const ttlOverride = identity ? secondsKept(identity, request, options) : 0;
    return { isAuthorized: false, resolverContext: context, ttlOverride };
  }
  // An answer would be a refusal; an error is a 500, and counts as an error of the function. Its message is always the same.
  if (status === 503) throw new PomeriumError(code, `pomerium-edge: ${code}`, { cause: error });
  if (isSimple(caller, options)) return { isAuthorized: false, context };
  if (caller === 'rest' && status !== 403 && options.responses !== 'policy') throw new Error(UNAUTHORIZED);
  const answer = policy(identity?.subject ?? NOBODY, 'Deny', arn, context);
  return sizeOf(answer) <= MAX_ANSWER ? answer : policy(NOBODY, 'Deny', arn, context);
}

const UNAUTHORIZED = 'Unauthorized';

/** The principal of a refusal where nobody is known. */
const NOBODY = 'refused';

/**
 * AppSync keeps an answer for the token of `Authorization` and looks at no other header: everybody who sends the same token
 * gets it. So it may keep only one for the person whose assertion the token is, and not for longer than that holds. Options by which
 * more than the token decides are refused beside `ttlOverride`.
 */
function secondsKept(
  { expiresAt }: MaybeAnonymous,
  request: AuthorizerRequest,
  { ttlOverride, now }: AnswerOptions,
): number {
  const token = authorizationToken(request);
  const isAssertion = token !== undefined && token === readAssertion(request.headers);
  return isAssertion ? Math.min(ttlOverride, Math.max(0, Math.floor(expiresAt - now()))) : 0;
}

/**
 * Whether a policy that allows this method and path would allow others, too: the path is what a client wrote, and in a policy `*`
 * and `?` are any text, and `${aws:UserAgent}` is what the client says.
 */
export function isPattern({ caller, arn }: AuthorizerRequest, options: AnswerOptions): boolean {
  if (options.scope === 'stage' || caller === 'appsync' || isSimple(caller, options)) return false;
  return /^[^/]*\/[^/]*\/.*([*?]|\$\{)/s.test(arn);
}

/** Simple answers belong to payload 2.0, where they are the rule; 1.0 may have them, too. */
function isSimple(caller: AuthorizerRequest['caller'], { responses }: AnswerOptions): boolean {
  if (caller === 'rest') return false;
  return (responses ?? (caller === 'http-2.0' ? 'simple' : 'policy')) === 'simple';
}

function policy(
  principalId: string,
  effect: 'Allow' | 'Deny',
  resource: string,
  context: AuthorizerContext,
): PolicyAnswer {
  return {
    principalId,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: resource }],
    },
    context,
  };
}

/** Every method and path of the stage: only ever right where the answers are cached. */
function stageArn(arn: string): string {
  return `${arn.split('/').slice(0, 2).join('/')}/*`;
}

function sizeOf(answer: AuthorizerAnswer): number {
  return Buffer.byteLength(JSON.stringify(answer));
}
