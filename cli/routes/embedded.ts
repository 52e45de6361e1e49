import { isObject, type JsonObject } from '../../core/json.ts';
import { decodeBase64 } from './base64.ts';
import { findValues } from './helm.ts';
import type { Manifest } from './manifests.ts';
import { pathTo } from './path.ts';
import { readObject } from './shape.ts';
import { readEmbeddedYaml } from './yaml.ts';

/** Something for Pomerium that stands within a manifest: its file, its variables, or values of its chart. */
export interface Embedded {
  readonly kind: 'configuration' | 'helm';
  readonly value: JsonObject;
  readonly at: string;
}

export function embeddedIn(manifest: Manifest): Embedded[] {
  switch (manifest.kind) {
    case 'ConfigMap':
      return filesIn(manifest, 'data', (text) => text);
    case 'Secret':
      return [...filesIn(manifest, 'stringData', (text) => text), ...filesIn(manifest, 'data', decodeBase64)];
    case 'HelmRelease':
      return valuesIn(manifest.value['spec'], pathTo(manifest.at, 'spec'), ['values']);
    case 'Application':
      return applicationValues(manifest);
    default:
      return [];
  }
}

const FILE = /^[^.]+$|\.(ya?ml|json)$/i;

/** A file `config.yaml` as text, or what a pod gets as its variables. */
function filesIn(manifest: Manifest, key: string, decode: (text: string) => string | undefined): Embedded[] {
  const at = pathTo(manifest.at, key);
  const texts = Object.entries(readObject(manifest.value[key], at)).flatMap(([name, value]) => {
    const text = typeof value === 'string' ? decode(value) : undefined;
    return text === undefined ? [] : [[name, text] as const];
  });
  const variables = Object.fromEntries(texts.filter(([name]) => /^[A-Z_]+$/.test(name)));
  const isForPomerium = 'ROUTES' in variables || 'POLICY' in variables;
  const files = texts.flatMap(([name, text]): Embedded[] => {
    if (!FILE.test(name) || !mayHoldRoutes(text)) return [];
    const value = readEmbeddedYaml(text, pathTo(at, name));
    return hasRoutes(value) ? [{ kind: 'configuration', value, at: pathTo(at, name) }] : [];
  });
  return isForPomerium ? [...files, { kind: 'configuration', value: variables, at }] : files;
}

/** Other programs have files of their own in there, which may be no YAML at all. */
function mayHoldRoutes(text: string): boolean {
  const hasLists = /(^|["'{,\s])(routes|policy)["']?\s*:/i.test(text);
  return hasLists && (/\bfrom["']?\s*:/i.test(text) || /^(routes|policy):\s*[\w+/]{40,}=*\s*$/im.test(text));
}

function hasRoutes(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, list]) => {
    if (!/^(routes|policy)$/i.test(key)) return false;
    return typeof list === 'string' || (Array.isArray(list) && list.some((one) => isObject(one) && 'from' in one));
  });
}

/** Of Argo CD: one source or several, with values as an object or as text. */
function applicationValues(manifest: Manifest): Embedded[] {
  const at = pathTo(manifest.at, 'spec');
  const spec = readObject(manifest.value['spec'], at);
  const sources = Array.isArray(spec['sources']) ? spec['sources'] : [];
  const all = [
    [spec['source'], pathTo(at, 'source')] as const,
    ...sources.map((source, i) => [source, pathTo(at, 'sources', i)] as const),
  ];
  return all.flatMap(([source, path]) => {
    const helm = isObject(source) ? source['helm'] : undefined;
    return valuesIn(helm, pathTo(path, 'helm'), ['valuesObject', 'values']);
  });
}

/** Values that set routes of Pomerium: other charts have values called config, too. */
function valuesIn(parent: unknown, at: string, keys: readonly string[]): Embedded[] {
  const key = keys.find((one) => isObject(parent) && parent[one]);
  if (!key || !isObject(parent)) return [];
  const path = pathTo(at, key);
  const given = parent[key];
  if (typeof given === 'string' && !mayHoldRoutes(given)) return [];
  const found = findValues(typeof given === 'string' ? readEmbeddedYaml(given, path) : given, path);
  return found && hasRoutes(found.values['config']) ? [{ kind: 'helm', value: found.values, at: found.at }] : [];
}
