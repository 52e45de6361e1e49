import type { JsonObject } from '../json.ts';
import type { Globals } from './configuration.ts';
import { type CompiledRoute, type Route, routeId } from './route.ts';

/** What is kept of every route as it stands in the file. */
const MATCH = ['from', 'prefix', 'path', 'regex'];
/** What is kept of those that lead to this service, too. None of it is secret. */
const DECIDING = ['name', 'prefix_rewrite', 'regex_rewrite_pattern', 'regex_rewrite_substitution', 'jwt_issuer_format'];

/**
 * What decides of a configuration, as one that `compileRoutes` reads: without what belongs to Pomerium alone (targets, headers,
 * keys). Of the other routes those stay, as ends at Pomerium, that hide some of these.
 */
export function reduce(
  routes: readonly Route[],
  compiled: ReadonlyMap<Route, CompiledRoute>,
  globals: Globals,
  hosts: readonly string[] | undefined,
): JsonObject {
  const { issuerFormat, claims, authenticateHosts, servesAuthenticate } = globals;
  const seen = new Map<string, number>();
  // Those that differ in their target alone need two of them.
  const target = (route: Route) => {
    const id = routeId(route, { withTarget: false });
    const count = seen.get(id) ?? 0;
    seen.set(id, count + 1);
    return `upstream${count || ''}`;
  };
  const [authenticate, internal] = authenticateHosts;
  const named = claims ?? new Set([...compiled.values()].flatMap(({ ppl }) => claimsIn(ppl)));
  return {
    ...((claims || named.size > 0) && { jwt_claims_headers: [...named] }),
    ...(issuerFormat === 'uri' && { jwt_issuer_format: 'uri' }),
    ...(authenticate && { authenticate_service_url: `https://${authenticate}` }),
    ...(internal && { authenticate_internal_service_url: `https://${internal}` }),
    ...(!servesAuthenticate && { services: 'proxy' }),
    ...(!globals.normalizesPath && { normalize_path: false }),
    ...(!globals.refusesEscapedSlashes && { path_with_escaped_slashes_action: 'keep_unchanged' }),
    ...(hosts && { hosts }),
    routes: routes.map((route) => reduceRoute(route, compiled.get(route), target(route))),
  };
}

/** The claims that a policy asks about: a list of routes alone does not say which ones an assertion has. */
function claimsIn(ppl: unknown): string[] {
  return Object.entries(Object(ppl)).flatMap(([key, member]) => [
    ...(key.startsWith('claim/') ? [key.slice('claim/'.length)] : []),
    ...(typeof member === 'object' ? claimsIn(member) : []),
  ]);
}

function reduceRoute(route: Route, compiled: CompiledRoute | undefined, target: string): JsonObject {
  const { values } = route.section;
  const keep = (keys: readonly string[]) =>
    Object.fromEntries(keys.filter((key) => values[key] != null).map((key) => [key, values[key]]));
  const mcp = route.isMcpServer && { mcp: { server: {} } };
  if (!compiled) return { ...keep(MATCH), ...mcp, response: { status: 404, body: target } };
  return {
    ...keep(MATCH),
    ...keep(DECIDING),
    ...mcp,
    // A path may end like a weight.
    to: `http://${target}${route.targetPath}${route.targetPath.includes(',') ? ',1' : ''}`,
    ...(route.passesAssertion && { pass_identity_headers: true }),
    ...(compiled.ppl.length > 0 && { policy: compiled.ppl }),
  };
}
