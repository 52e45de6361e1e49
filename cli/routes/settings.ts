import { nearest } from '../../core/distance.ts';
import { configurationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Manifest } from './manifests.ts';
import { pathTo } from './path.ts';
import { readObject } from './shape.ts';

/** The settings of the Pomerium resource that decide here (apis/ingress/v1/pomerium_types.go), and what a file calls them. */
const SETTINGS: ReadonlyMap<string, string> = new Map([
  ['downstreamMtls', 'downstream_mtls'],
  ['jwtClaimHeaders', 'jwt_claims_headers'],
  ['mergeSlashes', 'merge_slashes'],
  ['normalizePath', 'normalize_path'],
  ['passIdentityHeaders', 'pass_identity_headers'],
  ['pathWithEscapedSlashesAction', 'path_with_escaped_slashes_action'],
  ['runtimeFlags', 'runtime_flags'],
]);

export interface GlobalSettings {
  readonly values: JsonObject;
  readonly places: ReadonlyMap<string, string>;
}

/**
 * The global settings of the Pomerium resource in the file, or undefined without one.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readSettings(manifests: readonly Manifest[]): GlobalSettings | undefined {
  const [first, second] = manifests.filter(
    ({ kind, apiVersion }) => kind === 'Pomerium' && apiVersion.startsWith('ingress.pomerium.io/'),
  );
  if (second) {
    throw configurationError(`${second.at} is the second Pomerium resource; leave the one that is in force.`, {
      path: second.at,
    });
  }
  if (!first) return undefined;
  const at = pathTo(first.at, 'spec');
  const spec = readObject(first.value['spec'], at);
  requireKnown(spec, at);
  const given = [...SETTINGS].filter(([key]) => spec[key] !== undefined && spec[key] !== null);
  const url = pathTo(at, 'authenticate', 'url');
  const { url: authenticateUrl } = readObject(spec['authenticate'], pathTo(at, 'authenticate'));
  return {
    values: {
      ...Object.fromEntries(given.map(([key, setting]) => [setting, spec[key]])),
      ...(authenticateUrl !== undefined && { authenticate_service_url: authenticateUrl }),
    },
    places: new Map([
      ...given.map(([key, setting]) => [setting, pathTo(at, key)] as const),
      ['authenticate_service_url', url],
    ]),
  };
}

/** Kubernetes drops what it does not know, with a warning. */
function requireKnown(spec: JsonObject, at: string): void {
  for (const key of Object.keys(spec)) {
    const meant = SETTINGS.has(key) ? undefined : nearest(key, [...SETTINGS.keys()]);
    const path = pathTo(at, key);
    if (meant)
      throw configurationError(`${path}: the Pomerium resource has no such setting; write ${meant}.`, { path });
  }
}
