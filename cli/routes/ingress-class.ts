import { isObject } from '../../core/json.ts';
import { isAnnotated } from './annotations.ts';
import { type Manifest, metadataOf, nameOf } from './manifests.ts';
import { pathTo } from './path.ts';
import { readObject } from './shape.ts';

/**
 * The Ingresses that Pomerium serves. The controller asks the cluster which IngressClass is its own, which a file rarely
 * says; so all that are annotated for Pomerium count, all of their classes, those called pomerium, and those without a class,
 * for which Pomerium may be the default: an Ingress too many without annotations lets nobody in.
 */
export function selectIngresses(manifests: readonly Manifest[]): { ours: Manifest[]; others: Manifest[] } {
  const ingresses = manifests.filter(({ kind }) => kind === 'Ingress');
  const classes = new Set(['pomerium', '']);
  for (const manifest of manifests) {
    if (isOurClass(manifest)) classes.add(nameOf(manifest));
    if (manifest.kind === 'Ingress' && isAnnotated(manifest)) classes.add(classOf(manifest));
  }
  const isOurs = (ingress: Manifest) => classes.has(classOf(ingress));
  return { ours: ingresses.filter(isOurs), others: ingresses.filter((ingress) => !isOurs(ingress)) };
}

function isOurClass({ kind, value }: Manifest): boolean {
  const { spec } = value;
  return kind === 'IngressClass' && isObject(spec) && spec['controller'] === 'pomerium.io/ingress-controller';
}

function classOf(ingress: Manifest): string {
  const annotations = metadataOf(ingress)['annotations'];
  const old = isObject(annotations) ? annotations['kubernetes.io/ingress.class'] : undefined;
  const spec = readObject(ingress.value['spec'], pathTo(ingress.at, 'spec'));
  return String(spec['ingressClassName'] ?? old ?? '');
}
