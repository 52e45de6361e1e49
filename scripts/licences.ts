import { globSync, readFileSync } from 'node:fs';
import { ROOT } from './run.ts';

/** The licences of what is bundled, as each of them asks for. */
export function licencesOf(packages: readonly string[]): string {
  return packages
    .map((name) => {
      const folder = `${ROOT}node_modules/${name}`;
      const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
      const text = globSync('{LICENSE,LICENCE,NOTICE}*', { cwd: folder })
        .sort()
        .map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim());
      return [`${name} ${version} (${license})`, ...text].join('\n\n');
    })
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n');
}
