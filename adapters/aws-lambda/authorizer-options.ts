import {
  callSafely,
  configurationError,
  describeValue,
  type Identity,
  readBoolean,
  readFlag,
  readFunction,
  readVariables,
  requireOptions,
  type Variables,
} from '../../core/adapter.ts';
import type { Additions, AnswerOptions } from './answers.ts';
import { type AddedContext, readContextMembers } from './authorizer-context.ts';
import type { LambdaEnvironment, LambdaOptions } from './options.ts';

/** What an authorizer cannot have, with what to write instead: it stands before API Gateway's integrations and changes no header. */
export const AUTHORIZER_WITHOUT = {
  rules: 'leave the authorizer off public routes, and write policy with http_path for the others',
  optional: 'leave the authorizer off routes for nobody, or write withPomerium(handler, { optional: true }) there',
  allowPreflight: 'leave the authorizer off OPTIONS routes, or set the CORS configuration of the HTTP API',
  corsOrigins: 'API Gateway makes the answer; set its CORS configuration, or the headers of its gateway responses',
  claimHeaders: "map the authorizer's context to headers in the integration, as in $context.authorizer.subject",
  removeHeaders: "remove those headers in the integration's parameter mapping",
  keepAssertion: "remove x-pomerium-jwt-assertion in the integration's parameter mapping",
  shared: 'the integration says in Cache-Control what caches may keep',
  refusalPage: 'write it as a gateway response of the API',
  onRefused: 'API Gateway makes the answer; write gateway responses, which see the code as $context.authorizer.code',
};

/** Options of `createAuthorizer`; each one replaces what the environment says. */
export interface AuthorizerOptions extends Omit<LambdaOptions, keyof typeof AUTHORIZER_WITHOUT> {
  /**
   * What a policy that allows is for: the `method` and path that were called, or the whole `stage`. API Gateway replays a
   * cached policy on every route, so with caching only `stage` works, and every route is then open to who may call one.
   * @defaultValue `POMERIUM_SCOPE`, then `method`, with caching off
   */
  scope?: 'method' | 'stage';
  /**
   * How an HTTP API is answered. With `policy`, REST and WebSocket APIs are answered with a Deny policy (403) where a request is
   * not proved, too, instead of the error that makes a 401: its context has the code, and the error would be one of the function.
   * @defaultValue `POMERIUM_RESPONSES`, then `simple` for payload 2.0, `policy` for 1.0, and 401 for REST and WebSocket APIs
   */
  responses?: 'simple' | 'policy';
  /**
   * Whether the assertion may come as `Authorization: Bearer`, too, and to AppSync as the bare `Authorization`.
   * @defaultValue `POMERIUM_ALLOW_BEARER`, then false
   */
  allowBearer?: boolean;
  /**
   * For how long AppSync may cache an answer, in seconds: only where its token is the verified assertion, since it keeps an
   * answer for the token alone, and never for longer than that holds. Above 0 it is refused beside `onBehalfOf`, `routes`, several
   * audiences, `maxTokenAge`, and a policy that asks about the request.
   * @defaultValue `0`
   */
  ttlOverride?: number;
  /**
   * More members of the context, for the integration, access logs and mappings: strings, numbers and booleans; one that is undefined
   * is left out. Called at once for whoever is let in: it must not be async. What it throws, and a name or a value that cannot be
   * had, is logged and thrown, so that API Gateway answers 500.
   */
  context?: (identity: Identity) => AddedContext;
  /**
   * Which API key of a REST API's usage plan counts the request, where the API takes that from the authorizer; none for undefined.
   * It is a secret: it stands beside the context and not in it.
   */
  usageIdentifierKey?: (identity: Identity) => string | undefined;
}

export const AUTHORIZER_OPTIONS = ['scope', 'responses', 'allowBearer', 'ttlOverride', 'context', 'usageIdentifierKey'];

const SCOPES = ['method', 'stage'] as const;
const RESPONSES = ['simple', 'policy'] as const;

const VARIABLES: Variables<Pick<AuthorizerOptions, 'scope' | 'responses' | 'allowBearer'>> = {
  scope: ['POMERIUM_SCOPE', (value, name) => readVariableOneOf(name, value, SCOPES)],
  responses: ['POMERIUM_RESPONSES', (value, name) => readVariableOneOf(name, value, RESPONSES)],
  allowBearer: ['POMERIUM_ALLOW_BEARER', readFlag],
};

export const AUTHORIZER_VARIABLES = Object.values(VARIABLES).map(([name]) => name);

export interface AuthorizerSettings {
  readonly answers: AnswerOptions;
  readonly allowBearer: boolean;
  /**
   * What the options say of somebody.
   * @throws what they throw, and `invalid_configuration`
   */
  readonly additionsFor: (identity: Identity) => Additions;
  readonly lambdaOptions: Omit<LambdaOptions, keyof typeof AUTHORIZER_WITHOUT>;
}

/** @throws {PomeriumError} `invalid_configuration` */
export function readAuthorizerOptions(env: LambdaEnvironment, options: AuthorizerOptions): AuthorizerSettings {
  requireOptions(options);
  const { scope, responses, allowBearer, ttlOverride = 0, context, usageIdentifierKey, ...lambdaOptions } = options;
  if (!Number.isInteger(ttlOverride) || ttlOverride < 0) {
    throw configurationError(
      `ttlOverride must be a whole number of seconds, 0 or more; it is ${describeValue(ttlOverride)}.`,
    );
  }
  const variables = readVariables({ ...env }, VARIABLES);
  const contextFor = readFunction('context', context);
  const keyFor = readFunction('usageIdentifierKey', usageIdentifierKey);
  return {
    answers: {
      scope: readOneOf('scope', scope, SCOPES) ?? variables.scope ?? 'method',
      responses: readOneOf('responses', responses, RESPONSES) ?? variables.responses,
      ttlOverride,
      now: lambdaOptions.now ?? (() => Date.now() / 1000),
    },
    allowBearer: readBoolean('allowBearer', allowBearer) ?? variables.allowBearer ?? false,
    additionsFor: (identity) => ({
      context: contextFor ? readContextMembers(contextFor(identity)) : {},
      usageIdentifierKey: readKey(keyFor?.(identity)),
    }),
    lambdaOptions,
  };
}

/** In characters, of an API key ("API Gateway API key file format"). */
const MAX_KEY = 128;

/** Never says what it is: it may be an API key all the same. */
function readKey(key: unknown): string | undefined {
  if (key === undefined || (typeof key === 'string' && key !== '' && key.length <= MAX_KEY)) return key;
  callSafely(() => key);
  throw configurationError(
    `usageIdentifierKey must return an API key of ${MAX_KEY} characters at most, at once, or undefined for none.`,
  );
}

/** The empty string is not set: deployment templates write it. */
function readVariableOneOf<T extends string>(name: string, value: unknown, values: readonly T[]): T | undefined {
  return value === '' ? undefined : readOneOf(name, value, values);
}

function readOneOf<T extends string>(option: string, value: unknown, values: readonly T[]): T | undefined {
  const found = values.find((one) => one === value);
  if (found !== undefined || value === undefined) return found;
  const names = values.map((one) => `'${one}'`).join(' or ');
  throw configurationError(`${option} must be ${names}; it is ${describeValue(value)}.`);
}
