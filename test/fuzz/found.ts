import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import type { Found } from './run.ts';
import type { Target } from './target.ts';

/** A file of `found/`: an input that broke a rule once. */
export interface FoundCase {
  readonly target: string;
  readonly input: unknown;
}

const FOLDER = fileURLToPath(new URL('found/', import.meta.url));

/** Writes a case that `npm test` tries from then on. Returns its path. `seed`: of the run. */
export function writeFound({ name }: Target, { input, message }: Found, { seed }: { seed: number }): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}${name}-${seed >>> 0}.ts`;
  writeFileSync(path, foundModule(name, { input, message }, seed));
  return path;
}

export function foundModule(target: string, { input, message }: Found, seed: number): string {
  const comment = JSON.stringify(message.slice(0, 400)).replaceAll('*/', '*\\/');
  return `/** Seed ${seed}. ${comment} */
export const found = {
  target: ${JSON.stringify(target)},
  input: ${fc.stringify(input)},
};
`;
}

export function readFound(): Promise<readonly (readonly [file: string, one: FoundCase])[]> {
  const files = globSync('*.ts', { cwd: FOLDER }).sort();
  return Promise.all(
    files.map(
      async (file) =>
        [file, (await import(/* @vite-ignore */ pathToFileURL(FOLDER + file).href)).found as FoundCase] as const,
    ),
  );
}
