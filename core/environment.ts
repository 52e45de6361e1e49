import { configurationError } from './errors.ts';
import { callSafely, type EventListener } from './events.ts';
import type { Identity } from './identity.ts';
import { staticKeys } from './keys/material/static.ts';
import type { PlatformKeysOptions, RemoteKeysOptions } from './keys/remote/options.ts';
import { sharedRemoteKeys } from './keys/remote/shared.ts';
import type { KeySource } from './keys/source.ts';
import { readFunction, requireKnown, withoutUnset } from './option-readers.ts';
import { type EitherOptions, VERIFIER_OPTIONS, type VerifierOptions } from './options.ts';
import { compilePolicy } from './policy/compile.ts';
import type { PolicyOptions } from './policy/policy.ts';
import { compileRoutes, type Routes } from './routes/compile.ts';
import { isRoutes } from './routes/is-routes.ts';
import { requireNoOther } from './settings.ts';
import { defaultKeys } from './trust-options.ts';
import {
  type Environment,
  jsonReader,
  readList,
  readNumber,
  readText,
  readValue,
  readVariables,
  requireKnownVariables,
  type Variables,
} from './variables.ts';
import { createVerifier, type Verifier } from './verifier.ts';

/**
 * The variables that every adapter reads, see docs/gate.md. Lists are separated by commas; where the platform has JSON in
 * its configuration (`vars` of Wrangler), lists, numbers and objects are taken as such.
 */
export interface PomeriumEnvironment {
  /** The route's host name. Required, unless there are routes. */
  readonly POMERIUM_AUDIENCE?: string | readonly string[];
  readonly POMERIUM_ISSUER?: string | readonly string[];
  /**
   * Where the keys are fetched.
   * @defaultValue the well-known URL at the first issuer's host
   */
  readonly POMERIUM_JWKS_URL?: string;
  /** Keys that are never fetched: whatever `staticKeys` takes. */
  readonly POMERIUM_JWKS?: string | object;
  readonly POMERIUM_ALGORITHMS?: string | readonly string[];
  /** Seconds. */
  readonly POMERIUM_CLOCK_TOLERANCE?: string | number;
  /** Seconds. */
  readonly POMERIUM_MAX_TOKEN_AGE?: string | number;
  /** A policy in Pomerium's language, as JSON. */
  readonly POMERIUM_POLICY?: string | object;
  /** The claims that policies take as lists, see `compilePolicy`. */
  readonly POMERIUM_LIST_CLAIMS?: string | readonly string[];
  /** Pomerium's routes, as JSON, instead of audience, issuer and policy: see docs/routes.md. */
  readonly POMERIUM_ROUTES?: string | object;
  /** The criteria of policies and routes that Pomerium alone decides. */
  readonly POMERIUM_LEAVE_TO_POMERIUM?: string | readonly string[];
}

/** The same as options. */
interface VerifierEnvironment {
  listClaims: readonly string[];
  leaveToPomerium: readonly string[];
  routes: object;
  audience: readonly string[];
  issuer: readonly string[];
  jwksUrl: string;
  jwks: string | object;
  algorithms: NonNullable<VerifierOptions['algorithms']>;
  clockTolerance: number;
  maxTokenAge: number;
  policy: object;
}

const VARIABLES: Variables<VerifierEnvironment> = {
  audience: ['POMERIUM_AUDIENCE', readList],
  issuer: ['POMERIUM_ISSUER', readList],
  jwksUrl: ['POMERIUM_JWKS_URL', readText],
  jwks: ['POMERIUM_JWKS', readValue],
  algorithms: ['POMERIUM_ALGORITHMS', readList],
  clockTolerance: ['POMERIUM_CLOCK_TOLERANCE', readNumber],
  maxTokenAge: ['POMERIUM_MAX_TOKEN_AGE', readNumber],
  policy: ['POMERIUM_POLICY', jsonReader('{"allow":{"or":[{"domain":"example.com"}]}}')],
  listClaims: ['POMERIUM_LIST_CLAIMS', readList],
  routes: [
    'POMERIUM_ROUTES',
    jsonReader('{"pass_identity_headers":true,"routes":[{"from":"https://app.corp.example.com","to":"http://app"}]}'),
  ],
  leaveToPomerium: ['POMERIUM_LEAVE_TO_POMERIUM', readList],
};

/** The variables that every adapter reads. */
export const VERIFIER_VARIABLES: readonly string[] = Object.values(VARIABLES).map(([name]) => name);

/** Options of a verifier that the environment may configure, too. */
export type EnvironmentOptions = Partial<VerifierOptions> & PolicyOptions & RoutesInput;

/** Pomerium's routes as an option, compiled or not. */
export interface RoutesInput {
  /**
   * Pomerium's own routes, instead of `audience`, `issuer`, `issuers` and `policy`: compiled, or a configuration as
   * `compileRoutes` takes it.
   * @defaultValue `POMERIUM_ROUTES`, then none
   */
  routes?: Routes | object | undefined;
}

/** What an adapter adds: where its platform keeps keys, and its log. */
export interface VerifierPlatform extends RemoteKeysOptions {
  /** Told of every event, beside the listener of the options. */
  onEvent?: EventListener | undefined;
}

/** Options of a verifier that refuses an assertion for nobody. */
export type AuthOptions = Omit<EnvironmentOptions, 'allowAnonymous'>;

export const AUTH_OPTIONS: readonly string[] = [...VERIFIER_OPTIONS, 'listClaims', 'leaveToPomerium'].filter(
  (name) => name !== 'allowAnonymous',
);

/**
 * A verifier that the environment configures: `POMERIUM_AUDIENCE` and the like, see docs/gate.md. It refuses an assertion for
 * nobody, also where `POMERIUM_ROUTES` would let it in. Each of `options` replaces
 * what the environment says. `platform`: how keys are fetched and stored by default, a listener beside that of the options, and
 * the variables of ours that are for another gate in the same environment.
 *
 * @throws {PomeriumError} `invalid_configuration`, also for a variable that is misspelt or that no verifier can honour
 *
 * @example
 * ```ts
 * const verifier = createVerifierFromEnvironment(process.env)
 * ```
 */
export function createVerifierFromEnvironment(
  env: object,
  options: AuthOptions = {},
  platform: VerifierPlatform & { otherVariables?: readonly string[] } = {},
): Verifier<Identity> {
  requireKnown(withoutUnset(options), AUTH_OPTIONS, 'option');
  return createVerifier({ ...optionsFromEnvironment(env, options, platform), allowAnonymous: false });
}

/**
 * The environment as options for `createVerifier`, which judges them. Each of `options` replaces what the environment says.
 * `platform`: as for `createVerifierFromEnvironment`.
 * @throws {PomeriumError} `invalid_configuration`, also for a variable that is misspelt or that no verifier can honour
 */
export function optionsFromEnvironment(
  env: object,
  options: EnvironmentOptions = {},
  { otherVariables, ...platform }: VerifierPlatform & PlatformKeysOptions & { otherVariables?: readonly string[] } = {},
): EitherOptions {
  requireKnownVariables(env, VERIFIER_VARIABLES, otherVariables);
  return readEnvironment(env, options, platform);
}

/**
 * The same where the names of the variables are judged elsewhere.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readEnvironment(
  env: object,
  options: EnvironmentOptions,
  { onEvent: log, ...remote }: VerifierPlatform & PlatformKeysOptions,
): EitherOptions {
  const set = withoutUnset(options);
  const { jwks, jwksUrl, policy: ppl, ...variables } = readVariables(env as Environment, VARIABLES);
  const { listClaims, leaveToPomerium, store, ...given }: EnvironmentOptions = { ...variables, ...set };
  const { audience, issuer, issuers, onBehalfOf, now } = given;
  if (given.routes !== undefined) {
    requireNoOther({ policy: ppl, ...given }, (option) =>
      option === 'issuers' || Object.hasOwn(set, option) ? option : VARIABLES[option][0],
    );
  }
  const onEvent = readFunction('onEvent', given.onEvent);
  const policyOptions = { listClaims, leaveToPomerium };
  const routes =
    given.routes === undefined || isRoutes(given.routes) ? given.routes : compileRoutes(given.routes, policyOptions);
  if (audience === undefined && routes === undefined) {
    throw configurationError(
      'POMERIUM_AUDIENCE is not set; set it to the host name of the route in Pomerium, as in app.corp.example.com, or set POMERIUM_ROUTES to the routes (docs/routes.md).',
    );
  }
  const fetched = { ...remote, ...(store && { store }) };
  const configured = given.keys ?? readKeys({ jwks, jwksUrl }, fetched, now);
  const keys = configured ?? (issuers ? undefined : defaultKeys({ audience, issuer, routes, now }, fetched));
  const policy = given.policy ?? (ppl === undefined ? undefined : compilePolicy(ppl, policyOptions));
  const read = {
    ...given,
    // Beside keys of one's own it would be ignored, which createVerifier refuses.
    ...(given.keys && store && { store }),
    ...(routes && { routes }),
    ...(keys && { keys }),
    ...(policy && { policy }),
    ...(log && { onEvent: onEvent ? bothOf(log, onEvent) : log }),
    ...(onBehalfOf && {
      onBehalfOf: { ...onBehalfOf, keys: onBehalfOf.keys ?? defaultKeys({ ...onBehalfOf, now }, fetched) },
    }),
  };
  // What does not fit together createVerifier refuses.
  return read as EitherOptions;
}

function bothOf(log: EventListener, listener: EventListener): EventListener {
  return (event) => {
    callSafely(() => log(event));
    return listener(event);
  };
}

function readKeys(
  { jwks, jwksUrl }: { jwks: string | object | undefined; jwksUrl: string | undefined },
  remote: PlatformKeysOptions,
  now: (() => number) | undefined,
): KeySource | undefined {
  if (jwks !== undefined && jwksUrl !== undefined) {
    throw configurationError(
      'POMERIUM_JWKS and POMERIUM_JWKS_URL are both set; set the first for keys that never change, the second to fetch them.',
    );
  }
  if (jwks !== undefined) return staticKeys(jwks);
  return jwksUrl === undefined ? undefined : sharedRemoteKeys(jwksUrl, remote, now);
}
