import { readFileSync } from 'node:fs';
import { packagesInCli } from './bundle-cli.ts';
import { bundleForZip } from './bundle-lambda.ts';
import { type InstalledPackage, installedPackage } from './bundled-packages.ts';
import { must, ROOT } from './run.ts';

/** What `npm sbom` writes, as far as this reads it: CycloneDX 1.5. */
export interface BillOfMaterials {
  readonly metadata: { readonly component: Component; readonly timestamp?: string };
  readonly serialNumber?: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

/** The packages that users of the published one run: those that npm installs with it, and those that are in its files. */
async function shippedPackages(): Promise<{ installed: InstalledPackage[]; bundled: InstalledPackage[] }> {
  const { dependencies } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  return {
    installed: Object.keys(dependencies).map((name) => installedPackage(`${ROOT}node_modules/${name}`)),
    bundled: [...(await packagesInCli()), ...(await bundleForZip()).packages],
  };
}

/** What is shipped, out of all that `npm sbom` finds in the lock. The same text for the same files. */
export async function billOfMaterials(): Promise<BillOfMaterials> {
  const all = await must('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], { capture: true });
  const { installed, bundled } = await shippedPackages();
  return shippedOnly(JSON.parse(all), new Set(installed.map(reference)), new Set(bundled.map(reference)));
}

/** `bom` with the components of these references only, and without what differs each time. */
export function shippedOnly(
  { serialNumber, ...bom }: BillOfMaterials,
  installed: ReadonlySet<string>,
  bundled: ReadonlySet<string>,
): BillOfMaterials {
  const { timestamp, ...metadata } = bom.metadata;
  const isShipped = (ref: string) => installed.has(ref) || bundled.has(ref);
  const root = metadata.component['bom-ref'];
  const components = bom.components
    .filter((component) => isShipped(component['bom-ref']))
    .map((component) => ({ ...component, properties: propertiesOf(component['bom-ref'], bundled) }));
  return {
    ...bom,
    metadata: { ...metadata, component: { ...metadata.component, name: root.slice(0, root.lastIndexOf('@')) } },
    components,
    dependencies: bom.dependencies
      .filter(({ ref }) => ref === root || isShipped(ref))
      .map(({ ref, dependsOn }) => ({
        ref,
        dependsOn: ref === root ? components.map((component) => component['bom-ref']) : dependsOn.filter(isShipped),
      })),
  };
}

/** Of CycloneDX' taxonomy for npm: "whether the package is bundled". */
function propertiesOf(ref: string, bundled: ReadonlySet<string>): Component['properties'] {
  return bundled.has(ref) ? [{ name: 'cdx:npm:package:bundled', value: 'true' }] : [];
}

function reference({ name, version }: InstalledPackage): string {
  return `${name}@${version}`;
}
