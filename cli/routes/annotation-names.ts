import { distance, nearest } from '../../core/distance.ts';
import { configurationError, describeValue } from '../../core/errors.ts';
import type { AnnotationType } from './annotation-value.ts';

/** What the ingress controller takes, unless it is started with another one. */
export const PREFIX = 'ingress.pomerium.io/';

export interface Annotation {
  readonly type: AnnotationType;
  /** The setting of the route that it becomes, where that is needed here. */
  readonly setting?: string;
}

const kept = (type: AnnotationType, ...names: string[]) =>
  names.map((name) => [name, { type, setting: name }] as const);
const left = (type: AnnotationType, ...names: string[]) => names.map((name) => [name, { type }] as const);

/** Every annotation that pomerium/ingress_annotations.go of August 2026 knows. */
const ANNOTATIONS: ReadonlyMap<string, Annotation> = new Map<string, Annotation>([
  ...kept('boolean', 'allow_any_authenticated_user', 'allow_public_unauthenticated_access', 'cors_allow_preflight'),
  ...kept('boolean', 'pass_identity_headers'),
  ...kept('text', 'name', 'prefix_rewrite', 'regex_rewrite_pattern', 'regex_rewrite_substitution'),
  ...kept('map', 'set_request_headers'),
  ...kept('texts', 'remove_request_headers', 'allowed_domains', 'allowed_users'),
  ...kept('claims', 'allowed_idp_claims'),
  ...kept('policy', 'policy'),
  ['tls_downstream_client_ca_secret', { type: 'literal', setting: 'tls_downstream_client_ca' }],
  ...left('boolean', 'allow_spdy', 'allow_websockets', 'enable_google_cloud_serverless_authentication'),
  ...left('boolean', 'preserve_host_header', 'tls_skip_verify'),
  ...left('text', 'bearer_token_format', 'description', 'host_path_regex_rewrite_pattern'),
  ...left('text', 'host_path_regex_rewrite_substitution', 'host_rewrite', 'host_rewrite_header', 'logo_url'),
  ...left('text', 'load_balancing_policy', 'tls_server_name'),
  ...left('texts', 'allow_upgrades', 'depends_on', 'idp_access_token_allowed_audiences'),
  ...left('map', 'set_response_headers'),
  ...left('any', 'circuit_breaker_thresholds', 'health_checks', 'healthy_panic_threshold', 'idle_timeout'),
  ...left('any', 'outlier_detection', 'rewrite_response_headers', 'timeout'),
  ...left('switch', 'path_regex', 'secure_upstream', 'service_proxy_upstream', 'subtle_allow_empty_host'),
  ...left('switch', 'ssh_upstream', 'tcp_upstream', 'udp_upstream'),
  ...left('mark', 'mcp_server', 'mcp_client'),
  ...left('literal', 'tls_client_secret', 'tls_custom_ca_secret', 'kubernetes_service_account_token_secret'),
  ...left('literal', 'set_request_headers_secret', 'set_response_headers_secret', 'identity_provider_secret'),
  ...left('literal', 'mcp_server_upstream_oauth2_secret', 'mcp_server_max_request_bytes', 'mcp_server_path'),
  ...left('literal', 'mcp_server_upstream_oauth2_authorization_url_params', 'mcp_server_upstream_oauth2_token_url'),
  ...left('literal', 'mcp_server_upstream_oauth2_auth_url', 'mcp_server_upstream_oauth2_scopes'),
  ...left('literal', 'mcp_server_upstream_oauth2_auth_style', 'mcp_server_authorization_server_url'),
  ...left('literal', 'upstream_tunnel', 'upstream_tunnel_ssh_policy'),
]);

/** What people write that cannot be an annotation. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['allowed_groups', 'Pomerium supports it no longer: write groups into the annotation policy'],
  ['from', 'the host of the rule says it'],
  ['to', 'the backend of the path says it'],
  ['path', 'the path says it, with pathType: Exact'],
  ['prefix', 'the path says it, with pathType: Prefix'],
  ['regex', "write path_regex: 'true', and the expression as the path with pathType: ImplementationSpecific"],
]);

/** @throws {PomeriumError} `invalid_configuration`, with what may be meant */
export function annotationOf(name: string, path: string): Annotation {
  const annotation = ANNOTATIONS.get(name);
  if (annotation) return annotation;
  const meant = nearest(name, [...ANNOTATIONS.keys()]);
  const advice = ADVICE.get(name) ?? (meant ? `write ${PREFIX}${meant}` : 'take it out');
  const message = `${path}: the ingress controller refuses the annotation ${describeValue(name)}; ${advice}.`;
  throw configurationError(message, { path });
}

/** A misspelt prefix is somebody else's for Kubernetes, and its deny is lost. */
export function requireForeign(key: string, path: string): void {
  const [host = '', name = ''] = key.toLowerCase().split('/');
  const isOther = /^(api|gateway)\.pomerium\.io$/.test(host);
  const isMeant = /(^|\.)pomerium\.[a-z]+$/.test(host) || distance(`${host}/`, PREFIX) <= 2;
  if (isOther || !isMeant) return;
  throw configurationError(`${path} is not read by the ingress controller; write ${PREFIX}${name}.`, { path });
}
