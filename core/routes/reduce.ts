import type { JsonObject } from '../json.ts';
import type { Globals } from './configuration.ts';
import { type CompiledRoute, type Route, routeId } from './route.ts';

/** What is kept of a route as it stands in the file. None of it is secret. */
const KEPT = [
  'name',
  'from',
  'prefix',
  'path',
  'regex',
  'prefix_rewrite',
  'regex_rewrite_pattern',
  'jwt_issuer_format',
];

/**
 * What decides of a configuration, as one that `compileRoutes` reads: without what belongs to Pomerium alone (targets, headers,
 * keys). A route of a host that is not wanted stays as one that ends at Pomerium, since it hides others.
 */
export function reduce(
  routes: readonly Route[],
  compiled: ReadonlyMap<Route, CompiledRoute>,
  globals: Globals,
): JsonObject {
  const { issuerFormat, claims, authenticateHosts, servesAuthenticate } = globals;
  const ids = new Set<string>();
  const isFirst = (route: Route) => {
    const id = routeId(route, { withTarget: false });
    return !ids.has(id) && ids.add(id);
  };
  const [authenticate] = authenticateHosts;
  return {
    ...(claims && { jwt_claims_headers: [...claims] }),
    ...(issuerFormat === 'uri' && { jwt_issuer_format: 'uri' }),
    ...(authenticate && { authenticate_service_url: `https://${authenticate}` }),
    ...(!servesAuthenticate && { services: 'proxy' }),
    ...(!globals.normalizesPath && { normalize_path: false }),
    ...(!globals.refusesEscapedSlashes && { path_with_escaped_slashes_action: 'keep_unchanged' }),
    routes: routes.filter(isFirst).map((route) => reduceRoute(route, compiled.get(route))),
  };
}

function reduceRoute(route: Route, compiled: CompiledRoute | undefined): JsonObject {
  const { values } = route.section;
  const kept = Object.fromEntries(KEPT.filter((key) => values[key] != null).map((key) => [key, values[key]]));
  if (!compiled) return { ...kept, response: { status: 404 } };
  return {
    ...kept,
    to: `http://upstream${route.targetPath}`,
    ...(route.isMcpServer && { mcp: { server: {} } }),
    ...(compiled.ppl.length > 0 && { policy: compiled.ppl }),
  };
}
