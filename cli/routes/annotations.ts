import { configurationError } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { annotationOf, PREFIX, requireForeign } from './annotation-names.ts';
import { readAnnotation } from './annotation-value.ts';
import { type Manifest, metadataOf } from './manifests.ts';
import { pathTo } from './path.ts';
import { readObject } from './shape.ts';

/** They become a sub-policy of the route, so that they stand beside settings that exclude them in a file. */
const SUB_POLICY: readonly string[] = ['allowed_domains', 'allowed_idp_claims', 'allowed_users'];

export interface Annotations {
  /** The settings that each route of the Ingress has of them. */
  readonly settings: JsonObject;
  /** Where the annotation of a setting stands. */
  readonly places: ReadonlyMap<string, string>;
  /** Of `path_regex` and the like. */
  readonly isSet: (name: string) => boolean;
}

/**
 * Reads the annotations of an Ingress as the ingress controller does: it takes none of it where one is unknown.
 * The policy becomes the route's own; the controller evaluates it beside the settings and takes the allows and the denies of
 * both together (`applyAnnotations`, `evaluateQueries` in authorize/evaluator), which is the same.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readAnnotations(ingress: Manifest): Annotations {
  const at = pathTo(ingress.at, 'metadata', 'annotations');
  const route: Record<string, unknown> = {};
  const subPolicy: Record<string, unknown> = {};
  const places = new Map<string, string>();
  const switches = new Set<string>();
  const annotations = readObject(metadataOf(ingress)['annotations'], at);
  for (const [key, text] of Object.entries(annotations)) {
    if (!key.startsWith(PREFIX)) {
      requireForeign(key, pathTo(at, key));
      continue;
    }
    const name = key.slice(PREFIX.length);
    const path = pathTo(at, key);
    const { type, setting } = annotationOf(name, path);
    const value = readAnnotation(type, text, path);
    if (type === 'switch' && value === true) switches.add(name);
    if (setting === undefined || value === undefined || value === null) continue;
    const isSub = SUB_POLICY.includes(setting);
    (isSub ? subPolicy : route)[setting] = value;
    places.set(isSub ? `sub_policies[0].${setting}` : setting, path);
  }
  const mcp = readMcp(annotations, at);
  const hasSubPolicy = Object.keys(subPolicy).length > 0;
  return {
    settings: { ...route, ...(hasSubPolicy && { sub_policies: [subPolicy] }), ...(mcp && { mcp }) },
    places,
    isSet: (name) => switches.has(name),
  };
}

/** Whether the Ingress says anything to Pomerium's controller. */
export function isAnnotated(ingress: Manifest): boolean {
  const annotations = metadataOf(ingress)['annotations'];
  return isObject(annotations) && Object.keys(annotations).some((key) => key.startsWith(PREFIX));
}

/** An MCP server answers some requests itself (`applyMCPAnnotations`). */
function readMcp(annotations: JsonObject, at: string): JsonObject | undefined {
  const names = Object.keys(annotations).filter((key) => key.startsWith(`${PREFIX}mcp_`));
  const isOf = (kind: string) => (key: string) => key.startsWith(`${PREFIX}mcp_${kind}`) && !key.endsWith('_secret');
  const server = names.find(isOf('server'));
  const client = names.find(isOf('client'));
  if (server && client) {
    const path = pathTo(at, client);
    throw configurationError(`${path}: it is an MCP client and a server; take one of the two out.`, { path });
  }
  if (server) return { server: {} };
  return client ? { client: {} } : undefined;
}
