import { readFileSync } from 'node:fs';
import { packagesInCli } from './bundle-cli.ts';
import { bundleForZip } from './bundle-lambda.ts';
import { type InstalledPackage, installedPackage } from './bundled-packages.ts';
import { ROOT } from './run.ts';

/** A list in CycloneDX 1.5, as far as this writes it. */
export interface BillOfMaterials {
  readonly $schema: string;
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.5';
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Component {
  readonly type: 'library';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses: readonly { readonly expression: string }[];
  readonly hashes?: readonly { readonly alg: 'SHA-512'; readonly content: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** The integrity of a package, as package-lock.json has it, by the package's folder. */
export type IntegrityOf = (folder: string) => string | undefined;

/** What users of the published package run: what npm installs with it, and what is in its files. */
export async function shippedPackages(): Promise<BillOfMaterials> {
  const { dependencies } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  const { packages } = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8'));
  return billOfMaterials({
    root: installedPackage(ROOT.slice(0, -1)),
    installed: Object.keys(dependencies).map((name) => installedPackage(`${ROOT}node_modules/${name}`)),
    bundled: [...(await packagesInCli()), ...(await bundleForZip()).packages],
    integrityOf: (folder) => packages[folder.slice(ROOT.length)]?.integrity,
  });
}

/** The same for the same packages: it has no time and no random number. `npm sbom` asks that all tools' peers fit, too. */
export function billOfMaterials(shipped: {
  readonly root: InstalledPackage;
  readonly installed: readonly InstalledPackage[];
  readonly bundled: readonly InstalledPackage[];
  readonly integrityOf: IntegrityOf;
}): BillOfMaterials {
  const { root, installed, bundled, integrityOf } = shipped;
  const isBundled = new Set(bundled.map(reference));
  const packages = new Map([...installed, ...bundled].map((one) => [reference(one), one]));
  const components = [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([ref, one]) => ({
      ...componentOf(one),
      ...hashesOf(integrityOf(one.folder)),
      // Of CycloneDX' taxonomy for npm.
      ...(isBundled.has(ref) ? { properties: [{ name: 'cdx:npm:package:bundled', value: 'true' }] } : {}),
    }));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: componentOf(root) },
    components,
    dependencies: [{ ref: reference(root), dependsOn: components.map((component) => component['bom-ref']) }],
  };
}

function componentOf(one: InstalledPackage): Component {
  const { name, version, license } = one;
  return {
    type: 'library',
    'bom-ref': reference(one),
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: [{ expression: license }],
  };
}

/** `integrity`: as in Subresource Integrity, `sha512-` and base64. */
function hashesOf(integrity: string | undefined): Pick<Component, 'hashes'> {
  if (!integrity?.startsWith('sha512-')) return {};
  const content = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
  return { hashes: [{ alg: 'SHA-512', content }] };
}

function reference({ name, version }: InstalledPackage): string {
  return `${name}@${version}`;
}
