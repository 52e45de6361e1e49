import { isObject, type JsonObject } from '../../core/json.ts';
import { pathTo } from './path.ts';
import { readList, readObject } from './shape.ts';

/** An object of Kubernetes, and where it stands. */
export interface Manifest {
  readonly kind: string;
  readonly apiVersion: string;
  readonly value: JsonObject;
  readonly at: string;
}

export function isManifest(value: unknown): value is JsonObject & { kind: string; apiVersion: string } {
  return isObject(value) && typeof value['kind'] === 'string' && typeof value['apiVersion'] === 'string';
}

/** The objects of a document: a list of them is what `kubectl get -o yaml` gives. */
export function manifestsIn(value: unknown, at: string): Manifest[] {
  if (!isManifest(value)) return [];
  const { kind, apiVersion } = value;
  if (!kind.endsWith('List') || value['items'] === undefined) return [{ kind, apiVersion, value, at }];
  const path = pathTo(at, 'items');
  return readList(value['items'], path).flatMap((item, i) =>
    manifestsIn({ kind: kind.slice(0, -'List'.length), apiVersion, ...readObject(item, path) }, pathTo(path, i)),
  );
}

export function metadataOf({ value, at }: Manifest): JsonObject {
  return readObject(value['metadata'], pathTo(at, 'metadata'));
}

/** Without one it is whatever the person's context says, most often this. */
export function namespaceOf(manifest: Manifest): string {
  const { namespace } = metadataOf(manifest);
  return typeof namespace === 'string' && namespace !== '' ? namespace : 'default';
}

export function nameOf(manifest: Manifest): string {
  const { name } = metadataOf(manifest);
  return typeof name === 'string' ? name : '';
}

/** `Ingress shop/web`, as kubectl prints it. */
export function titleOf(manifest: Manifest): string {
  return `${manifest.kind} ${namespaceOf(manifest)}/${nameOf(manifest)}`;
}
