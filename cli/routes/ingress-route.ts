import { configurationError, describeValue } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { PREFIX } from './annotation-names.ts';
import type { Annotations } from './annotations.ts';
import { type Manifest, nameOf, namespaceOf } from './manifests.ts';
import { pathTo } from './path.ts';
import { readObject, readString } from './shape.ts';
import { requireRendered } from './yaml.ts';

/** A route that an Ingress makes. */
export interface IngressRoute {
  readonly route: JsonObject;
  /** Where each setting of the route stands in the documents; `''`: all others. */
  readonly places: ReadonlyMap<string, string>;
  /** What the controller identifies it by. */
  readonly id: string;
}

/** An Ingress, and the Services that stand beside it. */
export interface Context {
  readonly ingress: Manifest;
  readonly services: readonly Manifest[];
  readonly annotations: Annotations;
}

/** One of the paths of a rule. */
export interface PathOf {
  readonly value: JsonObject;
  readonly at: string;
}

/** The host of a rule. */
export interface HostOf {
  readonly text: string;
  readonly at: string;
}

/** @throws {PomeriumError} `invalid_configuration` */
export function routeOf(context: Context, rule: HostOf, path: PathOf): IngressRoute {
  const { ingress, annotations } = context;
  const host = requireHost(rule, annotations);
  const text = readString(path.value['path'], pathTo(path.at, 'path'));
  requireRendered(text, pathTo(path.at, 'path'));
  const { url, port } = backendOf(context, path);
  const { scheme } = tunnelOf(annotations);
  const [name, namespace] = [nameOf(ingress), namespaceOf(ingress)];
  const route = {
    name: slug(namespace, name, host, text),
    ...annotations.settings,
    from: scheme === 'https' || scheme === 'ssh' ? `${scheme}://${host}` : `${scheme}://${host}:${port}`,
    to: [url],
    ...matchOf(path, text, annotations),
  };
  const places = new Map([
    ['', path.at],
    ['from', rule.at],
    ['to', pathTo(path.at, 'backend')],
    ...['prefix', 'path', 'regex'].map((key) => [key, pathTo(path.at, 'path')] as const),
    ...annotations.places,
  ]);
  return { route, places, id: JSON.stringify({ n: name, ns: namespace, h: host, p: text }) };
}

function requireHost({ text, at }: HostOf, annotations: Annotations): string {
  requireRendered(text, at);
  if (text !== '') return text;
  if (annotations.isSet('subtle_allow_empty_host')) return '*';
  const hint = `write one, or, for all hosts, the annotation ${PREFIX}subtle_allow_empty_host: 'true'`;
  throw configurationError(`${at} is missing, which the ingress controller refuses; ${hint}.`, { path: at });
}

/** Tunnels and SSH are no HTTP. */
function tunnelOf({ isSet }: Annotations): { scheme: string; to: string } {
  if (isSet('ssh_upstream')) return { scheme: 'ssh', to: 'ssh' };
  if (isSet('tcp_upstream')) return { scheme: 'tcp+https', to: 'tcp' };
  if (isSet('udp_upstream')) return { scheme: 'udp+https', to: 'udp' };
  return { scheme: 'https', to: isSet('secure_upstream') ? 'https' : 'http' };
}

/** A `Prefix` is one of the text, as Pomerium has it, not one of path segments, as Kubernetes has it. */
function matchOf(path: PathOf, text: string, annotations: Annotations): JsonObject {
  const type = path.value['pathType'];
  const at = pathTo(path.at, 'pathType');
  const fail = (what: string) => configurationError(`${at} ${what}.`, { path: at });
  if (!/^(Exact|Prefix|ImplementationSpecific)$/.test(String(type))) {
    throw fail(`must be Prefix, Exact or ImplementationSpecific; it is ${describeValue(type)}`);
  }
  if (tunnelOf(annotations).scheme !== 'https') {
    if (type === 'ImplementationSpecific' && text === '') return {};
    throw fail('must be ImplementationSpecific, without a path, for TCP, UDP and SSH');
  }
  if (type === 'ImplementationSpecific') return { [annotations.isSet('path_regex') ? 'regex' : 'prefix']: text };
  if (text.startsWith('/')) return { [type === 'Exact' ? 'path' : 'prefix']: text };
  throw configurationError(`${path.at}.path must begin with "/"; it is ${describeValue(text)}.`, { path: path.at });
}

/** The service behind, and its port, by number where the file says which one the name is. */
function backendOf({ ingress, services, annotations }: Context, path: PathOf): { url: string; port: unknown } {
  const at = pathTo(path.at, 'backend', 'service');
  const backend = readObject(path.value['backend'], pathTo(path.at, 'backend'));
  const service = readObject(backend['service'], at);
  const name = readString(service['name'], pathTo(at, 'name'));
  if (name === '') throw configurationError(`${at} is missing: a route goes to a service.`, { path: path.at });
  const { number, name: portName } = readObject(service['port'], pathTo(at, 'port'));
  const port = portName ? portNamed(portName, ingress, services, name) : number;
  const { scheme, to } = tunnelOf(annotations);
  if (port === undefined && scheme.includes('+')) {
    const hint = 'write its number, or put the Service into this file';
    throw configurationError(`${at}.port is part of a tunnel's address; ${hint}.`, { path: at });
  }
  const host = `${name}.${namespaceOf(ingress)}.svc.cluster.local`;
  return { url: `${to}://${host}${port === undefined ? '' : `:${port}`}`, port };
}

function portNamed(name: unknown, ingress: Manifest, services: readonly Manifest[], serviceName: string): unknown {
  const service = services.find((one) => nameOf(one) === serviceName && namespaceOf(one) === namespaceOf(ingress));
  const spec = service && readObject(service.value['spec'], pathTo(service.at, 'spec'));
  const ports = spec && Array.isArray(spec['ports']) ? spec['ports'].filter(isObject) : [];
  return ports.find((one) => one['name'] === name)?.['port'];
}

/** As Pomerium names a route in its logs. */
function slug(namespace: string, name: string, host: string, path: string): string {
  const words = [namespace, name, host, path].map((text) => text.toLowerCase().replaceAll(/[^a-z\d_]+/g, '-'));
  return words.join('-').replaceAll(/-+/g, '-').replaceAll(/^-|-$/g, '');
}
