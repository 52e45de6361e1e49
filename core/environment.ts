import { configurationError, describeValue } from './errors.ts';
import { staticKeys } from './keys/material/static.ts';
import type { RemoteKeysOptions } from './keys/remote/options.ts';
import { remoteKeys } from './keys/remote/remote.ts';
import type { KeySource } from './keys/source.ts';
import { defaultKeys, type VerifierOptions } from './options.ts';
import { compilePolicy } from './policy/compile.ts';
import type { Policy } from './policy/policy.ts';
import type { Algorithm } from './signature/algorithms.ts';

/** The variables that every adapter reads; lists are separated by commas. */
export interface PomeriumEnvironment {
  /** The route's host name. Required. */
  readonly POMERIUM_AUDIENCE?: string;
  readonly POMERIUM_ISSUER?: string;
  /**
   * Where the keys are fetched.
   * @defaultValue the well-known URL at the first issuer's host
   */
  readonly POMERIUM_JWKS_URL?: string;
  /** Keys that are never fetched: whatever `staticKeys` takes as a string. */
  readonly POMERIUM_JWKS?: string;
  readonly POMERIUM_ALGORITHMS?: string;
  /** Seconds. */
  readonly POMERIUM_CLOCK_TOLERANCE?: string;
  /** A policy in Pomerium's language, as JSON. */
  readonly POMERIUM_POLICY?: string;
  /** The claims that the policy takes as lists, see `compilePolicy`. */
  readonly POMERIUM_LIST_CLAIMS?: string;
}

/**
 * The environment as options for `createVerifier`, which judges them. Each of `options` replaces what the environment says;
 * `remote` says how keys are fetched where they are.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function optionsFromEnvironment(
  env: PomeriumEnvironment,
  options: Partial<VerifierOptions> = {},
  remote: RemoteKeysOptions = {},
): VerifierOptions {
  const { audience = readList(env.POMERIUM_AUDIENCE), store = remote.store, ...given } = options;
  if (!audience) {
    throw configurationError(
      'POMERIUM_AUDIENCE is not set; set it to the host name of the route in Pomerium, as in app.corp.example.com.',
    );
  }
  const issuer = given.issuer ?? readList(env.POMERIUM_ISSUER);
  const fetched = { ...remote, ...(store && { store }) };
  const keys = given.keys ?? readKeys(env, fetched) ?? defaultKeys({ audience, ...(issuer && { issuer }) }, fetched);
  // createVerifier refuses what is not an algorithm of ours.
  const algorithms = readList(env.POMERIUM_ALGORITHMS) as Algorithm[] | undefined;
  const clockTolerance = readNumber('POMERIUM_CLOCK_TOLERANCE', env.POMERIUM_CLOCK_TOLERANCE);
  const policy = given.policy ?? readPolicy(env);
  const { onBehalfOf } = given;
  return {
    ...(issuer && { issuer }),
    ...(algorithms && { algorithms }),
    ...(clockTolerance !== undefined && { clockTolerance }),
    ...given,
    ...(given.keys && options.store && { store: options.store }),
    audience,
    keys,
    ...(policy && { policy }),
    ...(onBehalfOf && { onBehalfOf: { ...onBehalfOf, keys: onBehalfOf.keys ?? defaultKeys(onBehalfOf, fetched) } }),
  };
}

function readKeys(
  { POMERIUM_JWKS, POMERIUM_JWKS_URL }: PomeriumEnvironment,
  remote: RemoteKeysOptions,
): KeySource | undefined {
  if (POMERIUM_JWKS && POMERIUM_JWKS_URL) {
    throw configurationError(
      'POMERIUM_JWKS and POMERIUM_JWKS_URL are both set; set the first for keys that never change, the second to fetch them.',
    );
  }
  if (POMERIUM_JWKS) return staticKeys(POMERIUM_JWKS);
  return POMERIUM_JWKS_URL ? remoteKeys(POMERIUM_JWKS_URL, remote) : undefined;
}

function readPolicy({ POMERIUM_POLICY, POMERIUM_LIST_CLAIMS }: PomeriumEnvironment): Policy | undefined {
  if (!POMERIUM_POLICY) return undefined;
  return compilePolicy(parseJson(POMERIUM_POLICY), { listClaims: readList(POMERIUM_LIST_CLAIMS) ?? [] });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw configurationError('POMERIUM_POLICY must be JSON, as in {"allow":{"or":[{"domain":"example.com"}]}}.');
  }
}

/** A variable that holds a list, separated by commas; undefined where it is not set. */
export function readList(value: string | undefined): string[] | undefined {
  return value ? value.split(',').map((one) => one.trim()) : undefined;
}

/**
 * A variable that is `true` or `false`; undefined where it is not set.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readSwitch(name: string, value: string | undefined): boolean | undefined {
  if (!value) return undefined;
  if (value === 'true' || value === 'false') return value === 'true';
  throw configurationError(`${name} must be true or false.`);
}

function readNumber(name: string, value: string | undefined): number | undefined {
  if (!value) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value);
  throw configurationError(`${name} must be a whole number of seconds; it is ${describeValue(value)}.`);
}
