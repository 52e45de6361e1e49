import { configurationError } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { decodeLists } from './base64.ts';
import { type Embedded, embeddedIn } from './embedded.ts';
import { findValues, translateValues } from './helm.ts';
import { routesOf } from './ingress.ts';
import { selectIngresses } from './ingress-class.ts';
import { isManifest, type Manifest, manifestsIn, titleOf } from './manifests.ts';
import { type Origins, originOf, pathTo } from './path.ts';
import { readSettings } from './settings.ts';

/** What a file means, as `compileRoutes` reads it. */
export interface Translation {
  /** What the file holds. */
  readonly kind: 'configuration' | 'ingress' | 'helm';
  /** A whole configuration, or, where the global settings are not in the file, the list of routes alone. */
  readonly configuration: unknown;
  /** The path in the documents (`[0].spec.rules[1].host`) of what stands at a path of `configuration` (`routes[1].from`). */
  readonly originOf: (path: string) => string;
  /** What was left out, and why. */
  readonly notes: readonly Note[];
}

export interface Note {
  /** In the documents. */
  readonly path: string;
  readonly message: string;
}

/**
 * Makes one configuration of what a file holds: Pomerium's own file, a list of routes, one route, Ingress manifests with
 * Pomerium's annotations, a ConfigMap or Secret with Pomerium's file, or values of its Helm chart.
 * @throws {PomeriumError} `invalid_configuration`, with a path that begins with the number of the document, as `[0].routes`
 */
export function toConfiguration(documents: readonly unknown[]): Translation {
  if (documents.some(isManifest)) return fromManifests(documents);
  const [document] = documents;
  requireSingle(documents);
  if (!isObject(document)) return asItIs(document);
  const values = findValues(document, '[0]');
  if (values) return fromEmbedded({ kind: 'helm', value: values.values, at: values.at }, []);
  if (isObject(document['services'])) {
    const path = '[0].services';
    throw configurationError('This is a Compose file; give the config.yaml that its Pomerium has instead.', { path });
  }
  return fromEmbedded({ kind: 'configuration', value: document, at: '[0]' }, []);
}

function asItIs(document: unknown): Translation {
  return translation('configuration', document, new Map([['', '[0]']]), []);
}

function translation(
  kind: Translation['kind'],
  configuration: unknown,
  origins: Origins,
  notes: readonly Note[],
): Translation {
  return { kind, configuration, originOf: (path) => originOf(origins, path), notes };
}

/** Pomerium reads the first document only, whatever stands in it. */
function requireSingle(documents: readonly unknown[]): void {
  const second = documents.findIndex((document, i) => i > 0 && document !== null);
  if (second < 0) return;
  const path = pathTo('', second);
  const message =
    'Pomerium reads the first document of a file only; take out the "---" before this, or what follows it.';
  throw configurationError(message, { path });
}

function fromManifests(documents: readonly unknown[]): Translation {
  const manifests = documents.flatMap((document, i) => {
    const path = pathTo('', i);
    if (document !== null && !isManifest(document)) {
      throw configurationError(`${path} is no Kubernetes manifest, and others are; put it into a file of its own.`, {
        path,
      });
    }
    return manifestsIn(document, path);
  });
  const { ours, others } = selectIngresses(manifests);
  const notes = [...others.map(otherClass), ...manifests.filter(isGatewayRoute).map(gatewayRoute)];
  const embedded = manifests.flatMap(embeddedIn);
  requireOne(ours, embedded, notes);
  const [only] = embedded;
  return only ? fromEmbedded(only, notes) : fromIngresses(ours, manifests, notes);
}

function otherClass(ingress: Manifest): Note {
  return {
    path: ingress.at,
    message: `${titleOf(ingress)} has no annotation of Pomerium and another class: left out.`,
  };
}

function isGatewayRoute({ kind, apiVersion }: Manifest): boolean {
  return kind.endsWith('Route') && apiVersion.startsWith('gateway.networking.k8s.io/');
}

function gatewayRoute(manifest: Manifest): Note {
  return { path: manifest.at, message: `${titleOf(manifest)} is of the Gateway API, which is not read: left out.` };
}

function requireOne(ingresses: readonly Manifest[], embedded: readonly Embedded[], notes: readonly Note[]): void {
  const [first, second] = [...embedded.map(({ at }) => at), ...ingresses.slice(0, 1).map(({ at }) => at)];
  if (first === undefined) {
    const what = 'there is no Ingress with its annotations or class, and no config.yaml in a ConfigMap or Secret.';
    const left = notes.map(({ message }) => ` ${message}`).join('');
    throw configurationError(`No manifest is for Pomerium: ${what}${left}`, { path: '[0]' });
  }
  if (second === undefined) return;
  throw configurationError(`${second} and ${first} both hold routes; put them into files of their own.`, {
    path: second,
  });
}

function fromEmbedded({ kind, value, at }: Embedded, notes: readonly Note[]): Translation {
  if (kind === 'configuration') return translation(kind, decodeLists(value, at), new Map([['', at]]), notes);
  const { configuration, places } = translateValues(value, at);
  return translation(kind, configuration, new Map([['', pathTo(at, 'config')], ...places]), notes);
}

function fromIngresses(ours: readonly Manifest[], manifests: readonly Manifest[], notes: readonly Note[]): Translation {
  const services = manifests.filter(({ kind }) => kind === 'Service');
  const made = routesOf(ours, services);
  const routes = made.map(({ route }) => route);
  const settings = readSettings(manifests);
  const origins = new Map<string, string>([['', '[0]'], ...(settings?.places ?? [])]);
  made.forEach(({ places }, i) => {
    const route = pathTo(settings ? 'routes' : '', i);
    for (const [key, path] of places) origins.set(key === '' ? route : pathTo(route, key), path);
  });
  const configuration: JsonObject | readonly JsonObject[] = settings ? { ...settings.values, routes } : routes;
  return translation('ingress', configuration, origins, notes);
}
