import {
  type ClaimHeaderNames,
  type ClaimHeaders,
  compilePathRules,
  configurationError,
  type Identity,
  type PathRule,
  type PathRules,
  readClaimHeaders,
  readList,
  readSwitch,
  type Verifier,
} from '../../core/adapter.ts';
import { type CloudflareEnvironment, type CloudflareOptions, verifierFor } from './options.ts';
import type { ServiceBinding } from './platform.ts';
import { readUpstream, type Upstream } from './upstream.ts';

export interface GuardEnvironment extends CloudflareEnvironment {
  /**
   * Where requests go: a URL's origin; `route` for the origin server behind the Worker's own route; or a service binding
   * of this name. Not set: the guard answers with the verified identity, as JSON.
   */
  readonly POMERIUM_UPSTREAM?: string | ServiceBinding;
  /** Path rules, as JSON: see `compilePathRules`. Not set: every path is for whoever comes through Pomerium. */
  readonly POMERIUM_RULES?: string;
  /** `true` lets CORS preflights through, which carry no credentials. */
  readonly POMERIUM_ALLOW_PREFLIGHT?: string;
  /** More claims to write as headers, with commas: `department`, or `x-department=department`. */
  readonly POMERIUM_CLAIM_HEADERS?: string;
  /** `false` keeps the assertion from the upstream. */
  readonly POMERIUM_KEEP_ASSERTION?: string;
}

export interface GuardOptions extends CloudflareOptions {
  /** Default: `POMERIUM_UPSTREAM`. */
  upstream?: string | ServiceBinding;
  /** Default: `POMERIUM_RULES`; then every path is for whoever comes through Pomerium. */
  rules?: readonly PathRule[];
  /** Whether CORS preflights pass without an assertion. Default: `POMERIUM_ALLOW_PREFLIGHT`, then false. */
  allowPreflight?: boolean;
  /** Claims to write beside user, email, name and groups. Default: `POMERIUM_CLAIM_HEADERS`, then none. */
  claimHeaders?: ClaimHeaderNames;
  /** Whether the upstream gets the assertion. Default: `POMERIUM_KEEP_ASSERTION`, then true. */
  keepAssertion?: boolean;
}

export interface GuardSettings {
  readonly verifier: Verifier<Identity>;
  readonly upstream: Upstream | undefined;
  readonly rules: PathRules | undefined;
  readonly allowPreflight: boolean;
  readonly claimHeaders: ClaimHeaders;
  readonly keepAssertion: boolean;
}

/** Throws `invalid_configuration`. */
export function readGuardOptions(env: GuardEnvironment, options: GuardOptions): GuardSettings {
  const {
    upstream = env.POMERIUM_UPSTREAM,
    rules = readRules(env.POMERIUM_RULES),
    allowPreflight = readSwitch('POMERIUM_ALLOW_PREFLIGHT', env.POMERIUM_ALLOW_PREFLIGHT) ?? false,
    claimHeaders = readClaims(env.POMERIUM_CLAIM_HEADERS),
    keepAssertion = readSwitch('POMERIUM_KEEP_ASSERTION', env.POMERIUM_KEEP_ASSERTION) ?? true,
    ...verifierOptions
  } = options;
  const listClaims = readList(env.POMERIUM_LIST_CLAIMS) ?? [];
  return {
    verifier: verifierFor(env, verifierOptions),
    upstream: upstream ? readUpstream(upstream) : undefined,
    rules: rules && compilePathRules(rules, { listClaims }),
    allowPreflight,
    claimHeaders: readClaimHeaders(claimHeaders),
    keepAssertion,
  };
}

function readRules(json: string | undefined): readonly PathRule[] | undefined {
  try {
    return json ? JSON.parse(json) : undefined;
  } catch {
    throw configurationError('POMERIUM_RULES must be JSON.');
  }
}

function readClaims(list: string | undefined): ClaimHeaderNames | undefined {
  const named = readList(list)?.map((one): [string, string] => {
    const [header = '', claim] = one.split('=');
    return claim === undefined ? [`x-pomerium-claim-${header}`, header] : [header, claim];
  });
  return named && Object.fromEntries(named);
}
