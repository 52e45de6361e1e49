import { nearest } from '../distance.ts';
import { describeValue, mistakeAt } from '../errors.ts';
import { join, type Section } from './settings.ts';

/** The settings that decide here who may pass and by which route. */
const DECIDING_ROUTE_KEYS = [
  'allow_any_authenticated_user',
  'allow_public_unauthenticated_access',
  'allowed_domains',
  'allowed_idp_claims',
  'allowed_users',
  'cors_allow_preflight',
  'from',
  'jwt_issuer_format',
  'mcp',
  'name',
  'pass_identity_headers',
  'path',
  'policy',
  'prefix',
  'prefix_rewrite',
  'redirect',
  'regex',
  'regex_rewrite_pattern',
  'remove_request_headers',
  'response',
  'set_request_headers',
  'sub_policies',
  'tls_downstream_client_ca',
  'tls_downstream_client_ca_file',
  'to',
] as const;

/**
 * All others of a route (`Policy` in config/policy.go and `RouteOptions` in config/config.gen.go of August 2026), and those of
 * Pomerium's Enterprise and of earlier versions: they decide nothing here.
 */
const OTHER_ROUTE_KEYS = [
  'allow_renegotiation',
  'allow_spdy',
  'allow_upgrades',
  'allow_websockets',
  'bearer_token_format',
  'circuit_breaker_thresholds',
  'depends_on',
  'description',
  'enable_google_cloud_serverless_authentication',
  'enforced_policies',
  'health_checks',
  'healthy_panic_threshold',
  'host_path_regex_rewrite_pattern',
  'host_path_regex_rewrite_substitution',
  'host_rewrite',
  'host_rewrite_header',
  'id',
  'identity_providers',
  'idle_timeout',
  'idp_access_token_allowed_audiences',
  'idp_client_id',
  'idp_client_secret',
  'jwt_groups_filter',
  'kubernetes_service_account_token',
  'kubernetes_service_account_token_file',
  'lb_config',
  'load_balancing_policy',
  'logo_url',
  'namespace',
  'namespace_id',
  'outlier_detection',
  'policies',
  'policy_ids',
  'preserve_host_header',
  'regex_priority_order',
  'regex_rewrite_substitution',
  'rewrite_response_headers',
  'session_recording',
  'set_response_headers',
  'show_error_details',
  'stat_name',
  'timeout',
  'tls_client_cert',
  'tls_client_cert_file',
  'tls_client_key',
  'tls_client_key_file',
  'tls_custom_ca',
  'tls_custom_ca_file',
  'tls_downstream_server_name',
  'tls_server_name',
  'tls_skip_verify',
  'tls_upstream_allow_renegotiation',
  'tls_upstream_server_name',
  'upstream_tunnel',
];

/** Policies that are kept elsewhere, by their ids. */
const ENTERPRISE_POLICIES = ['policies', 'policy_ids', 'enforced_policies'];

/** What people still write, and what to write for it. */
const REMOVED_ROUTE_KEYS: ReadonlyMap<string, string> = new Map([
  ['allowed_groups', 'Pomerium ignores it since version 0.17: write groups into the policy'],
  ['set_authorization_header', 'Pomerium refuses it: write set_request_headers'],
]);

/** Settings of the whole configuration that decide here. Any other is Pomerium's own, or a mistake that opens nothing. */
const DECIDING_KEYS = [
  'authenticate_internal_service_url',
  'authenticate_service_url',
  'downstream_mtls',
  'hosts',
  'jwt_claims_headers',
  'jwt_groups_filter',
  'jwt_issuer_format',
  'normalize_path',
  'pass_identity_headers',
  'path_with_escaped_slashes_action',
  'policy',
  'routes',
  'services',
];

/** Others whose names are near to one that decides. */
const NEAR_KEYS = ['policy_file', 'service'];

const SUB_POLICY_KEYS = [
  'allowed_domains',
  'allowed_idp_claims',
  'allowed_users',
  'explanation',
  'id',
  'name',
  'rego',
  'remediation',
  'source_ppl',
];

/**
 * Ensures that no setting of a route is misspelt. Pomerium ignores what it does not know, so that a `polcy` with a deny opens
 * the route.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function requireRouteKeys(section: Section): void {
  requireKeys(section, [...DECIDING_ROUTE_KEYS, ...OTHER_ROUTE_KEYS], DECIDING_ROUTE_KEYS);
}

export function requireSubPolicyKeys(section: Section): void {
  requireKeys(section, SUB_POLICY_KEYS, SUB_POLICY_KEYS);
}

/** Of the whole configuration only what is nearly a setting that decides: versions differ in the many others. */
export function requireGlobalKeys({ at, values }: Section): void {
  for (const key of Object.keys(values)) {
    if (DECIDING_KEYS.includes(key) || NEAR_KEYS.includes(key)) continue;
    const meant = nearest(key, DECIDING_KEYS);
    if (meant !== undefined) throw unknownKey(join(at, key), key, meant);
  }
}

function requireKeys({ at, values }: Section, known: readonly string[], meant: readonly string[]): void {
  for (const key of Object.keys(values)) {
    const path = join(at, key);
    if (ENTERPRISE_POLICIES.includes(key) && [values[key] ?? []].flat().length > 0) {
      throw mistakeAt(path, ' cannot be decided: only Enterprise knows these policies; write their rules into policy.');
    }
    if (known.includes(key)) continue;
    const instead = REMOVED_ROUTE_KEYS.get(key);
    if (instead) throw mistakeAt(path, ` cannot be decided: ${instead}.`);
    throw unknownKey(path, key, nearest(key, meant) ?? nearest(key, known));
  }
}

function unknownKey(path: string, key: string, meant: string | undefined): Error {
  const advice = meant ? `write ${meant}` : 'take it out';
  return mistakeAt(path, `: Pomerium has no setting ${describeValue(key)} and would ignore it; ${advice}.`);
}
