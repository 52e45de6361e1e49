import { readdirSync, readFileSync } from 'node:fs';
import type { Metafile } from 'esbuild';
import { ROOT, UserError } from './run.ts';

/** A package in node_modules. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Where it is, without a slash at the end. */
  readonly folder: string;
}

export function installedPackage(folder: string): InstalledPackage {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  return { name, version, license, folder };
}

/** The packages of which a bundle has code, by name. */
export function packagesIn({ outputs }: Metafile): InstalledPackage[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const used = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  const folders = used.flatMap((path) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort().map((folder) => installedPackage(ROOT + folder));
}

/** The file beside a bundle that has what `licencesOf` gives. */
export const LICENCES_FILE = 'THIRD-PARTY-LICENSES';

/** Licences that do not ask for their text beside the code. */
const WITHOUT_CONDITIONS = ['MIT-0', '0BSD'];

/** The licences of what is bundled, as each of them asks for. */
export function licencesOf(packages: readonly InstalledPackage[]): string {
  return packages
    .map(({ name, version, license, folder }) => {
      const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copyright)/i.test(file));
      if (files.length === 0 && !WITHOUT_CONDITIONS.includes(license)) {
        throw new UserError(`${folder} has no licence text to ship with its code.`);
      }
      const texts = files.sort().map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim());
      return [`${name} ${version} (${license})`, ...texts].join('\n\n');
    })
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n');
}
