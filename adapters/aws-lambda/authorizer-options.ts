import {
  configurationError,
  describeValue,
  readBoolean,
  readFlag,
  readVariables,
  requireOptions,
  type Variables,
} from '../../core/adapter.ts';
import type { AnswerOptions } from './answers.ts';
import type { LambdaEnvironment, LambdaOptions } from './options.ts';

/** What an authorizer cannot have, with what to write instead: it stands before API Gateway's integrations and changes no header. */
export const AUTHORIZER_WITHOUT = {
  rules:
    'API Gateway decides by route what has an authorizer; leave the authorizer off public routes, and write policy with http_path for the others',
  optional: 'leave the authorizer off routes for nobody, or write withPomerium(handler, { optional: true }) there',
  allowPreflight: 'leave the authorizer off OPTIONS routes, or set the CORS configuration of the HTTP API',
  corsOrigins: 'API Gateway makes the answer; set its CORS configuration, or the headers of its gateway responses',
  claimHeaders: 'map the authorizer’s context to headers in the integration, as in $context.authorizer.email',
  removeHeaders: 'overwrite or remove those headers in the integration’s parameter mapping',
  keepAssertion: 'remove x-pomerium-jwt-assertion in the integration’s parameter mapping',
  shared: 'the integration makes the answer; it says in Cache-Control what caches may keep',
  onRefused: 'API Gateway makes the answer; write gateway responses, which see the code as $context.authorizer.code',
  endAtExpiry:
    'API Gateway holds the socket; close it with DELETE /@connections/{connectionId} at the context’s expiresAt',
};

export interface AuthorizerOptions extends Omit<LambdaOptions, keyof typeof AUTHORIZER_WITHOUT> {
  /**
   * What a policy that allows is for: the `method` and path that were called, or the whole `stage`. API Gateway replays a
   * cached policy on every route, so with caching only `stage` works, and every route is then open to who may call one.
   * @defaultValue `method`, with caching off
   */
  scope?: 'method' | 'stage';
  /** How an HTTP API is answered. @defaultValue `simple` for payload 2.0, `policy` for 1.0 */
  responses?: 'simple' | 'policy';
  /**
   * Whether the assertion may come as `Authorization: Bearer`, too, and to AppSync as the bare `Authorization`.
   * @defaultValue `POMERIUM_ALLOW_BEARER`, then false
   */
  allowBearer?: boolean;
  /**
   * For how long AppSync may cache an answer, in seconds: only where its token is the verified assertion, since it keeps an
   * answer for the token alone.
   * @defaultValue `0`
   */
  ttlOverride?: number;
}

export const AUTHORIZER_OPTIONS = ['scope', 'responses', 'allowBearer', 'ttlOverride'];

const VARIABLES: Variables<{ allowBearer: boolean }> = { allowBearer: ['POMERIUM_ALLOW_BEARER', readFlag] };

export const AUTHORIZER_VARIABLES = ['POMERIUM_ALLOW_BEARER'];

export interface AuthorizerSettings {
  readonly answers: AnswerOptions;
  readonly allowBearer: boolean;
  readonly lambdaOptions: Omit<LambdaOptions, keyof typeof AUTHORIZER_WITHOUT>;
}

/** @throws {PomeriumError} `invalid_configuration` */
export function readAuthorizerOptions(env: LambdaEnvironment, options: AuthorizerOptions): AuthorizerSettings {
  requireOptions(options);
  const { scope, responses, allowBearer, ttlOverride = 0, ...lambdaOptions } = options;
  if (!Number.isInteger(ttlOverride) || ttlOverride < 0) {
    throw configurationError(
      `ttlOverride must be a whole number of seconds, 0 or more; it is ${describeValue(ttlOverride)}.`,
    );
  }
  const variables = readVariables({ ...env }, VARIABLES);
  return {
    answers: {
      scope: readOneOf('scope', scope, ['method', 'stage']) ?? 'method',
      responses: readOneOf('responses', responses, ['simple', 'policy']),
      ttlOverride,
    },
    allowBearer: readBoolean('allowBearer', allowBearer) ?? variables.allowBearer ?? false,
    lambdaOptions,
  };
}

function readOneOf<T extends string>(option: string, value: T | undefined, values: readonly T[]): T | undefined {
  if (value === undefined || values.includes(value)) return value;
  const names = values.map((one) => `'${one}'`).join(' or ');
  throw configurationError(`${option} must be ${names}; it is ${describeValue(value)}.`);
}
