import { configurationError, describeValue } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { type Annotations, readAnnotations } from './annotations.ts';
import { type Context, type IngressRoute, type PathOf, routeOf } from './ingress-route.ts';
import { type Manifest, metadataOf, nameOf, titleOf } from './manifests.ts';
import { pathTo } from './path.ts';
import { readList, readObject, readString } from './shape.ts';

/**
 * The routes of these Ingresses in Pomerium's order, as the ingress controller translates them
 * (pomerium/ingress_to_route.go).
 * @throws {PomeriumError} `invalid_configuration`, for what the controller or Kubernetes refuses
 */
export function routesOf(ingresses: readonly Manifest[], services: readonly Manifest[]): IngressRoute[] {
  const seen = new Map<string, string>();
  const routes = ingresses.flatMap((ingress) => {
    requireVersion(ingress);
    if (nameOf(ingress) !== '') requireNew(seen, titleOf(ingress), ingress.at);
    return routesOfOne({ ingress, services, annotations: annotationsOf(ingress) });
  });
  for (const { id, places } of routes) requireNew(seen, id, places.get('') ?? '');
  return routes.sort(compareRoutes);
}

function requireVersion({ apiVersion, at }: Manifest): void {
  if (apiVersion === 'networking.k8s.io/v1') return;
  const path = pathTo(at, 'apiVersion');
  throw configurationError(
    `${path} is ${describeValue(apiVersion)}, which the ingress controller does not read; write networking.k8s.io/v1.`,
    { path },
  );
}

function requireNew(seen: Map<string, string>, id: string, path: string): void {
  const first = seen.get(id);
  seen.set(id, path);
  if (first === undefined) return;
  const why = id.startsWith('{') ? 'has the same Ingress, host and path as' : 'has the same name and namespace as';
  throw configurationError(`${path} ${why} ${first}, which Pomerium refuses or overwrites; take one out.`, { path });
}

/** While cert-manager solves a challenge, the controller reads no annotation. */
function annotationsOf(ingress: Manifest): Annotations {
  const labels = metadataOf(ingress)['labels'];
  const solver = isObject(labels) ? labels['acme.cert-manager.io/http01-solver'] : undefined;
  if (String(solver).toLowerCase() !== 'true') return readAnnotations(ingress);
  return { settings: { allow_public_unauthenticated_access: true }, places: new Map(), isSet: () => false };
}

function routesOfOne(context: Context): IngressRoute[] {
  const at = pathTo(context.ingress.at, 'spec');
  const spec = readObject(context.ingress.value['spec'], at);
  const rules = readList(spec['rules'], pathTo(at, 'rules'));
  const routes = [
    ...defaultRoutes(context, spec, at),
    ...rules.flatMap((value, i) => {
      const path = pathTo(at, 'rules', i);
      const rule = readObject(value, path);
      const host = { text: readString(rule['host'], pathTo(path, 'host')), at: pathTo(path, 'host') };
      return pathsOf(rule, path).map((one) => routeOf(context, host, one));
    }),
  ];
  if (routes.length > 0) return routes;
  throw configurationError(`${at} has no rules, so that it is for nothing; write them or take the Ingress out.`, {
    path: at,
  });
}

/** The default backend is for the host of the only certificate. */
function defaultRoutes(context: Context, spec: JsonObject, at: string): IngressRoute[] {
  const { defaultBackend: backend } = spec;
  if (backend === undefined || backend === null) return [];
  const path = pathTo(at, 'tls');
  const [tls, second] = readList(spec['tls'], path);
  const hosts = pathTo(path, 0, 'hosts');
  const [host, another] = readList(readObject(tls, pathTo(path, 0))['hosts'], hosts);
  if (tls === undefined || second !== undefined || host === undefined || another !== undefined) {
    throw configurationError(`${at}.defaultBackend needs exactly one tls with one host; write rules instead.`, {
      path,
    });
  }
  const one = { value: { path: '/', pathType: 'Prefix', backend }, at: pathTo(at, 'defaultBackend') };
  return [routeOf(context, { text: readString(host, pathTo(hosts, 0)), at: pathTo(hosts, 0) }, one)];
}

function pathsOf(rule: JsonObject, at: string): PathOf[] {
  const http = readObject(rule['http'], pathTo(at, 'http'));
  const path = pathTo(at, 'http', 'paths');
  const paths = readList(http['paths'], path).map((value, i) => ({
    value: readObject(value, pathTo(path, i)),
    at: pathTo(path, i),
  }));
  if (paths.length > 0) return paths;
  throw configurationError(`${at} needs http.paths; write { path: /, pathType: Prefix, backend: … }.`, { path: at });
}

/** `SortPolicies` in config/policy.go: one more character is later, and last is first for all but `from` and the id. */
function compareRoutes(a: IngressRoute, b: IngressRoute): number {
  const text = (route: IngressRoute, key: string) => String(route.route[key] ?? '');
  const descending = (key: string) => compareBytes(text(b, key), text(a, key));
  return (
    compareBytes(text(a, 'from'), text(b, 'from')) ||
    descending('path') ||
    descending('regex') ||
    descending('prefix') ||
    compareBytes(a.id, b.id)
  );
}

/** As Go compares text. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
