import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { ROOT } from './run.ts';

const DIST = `${ROOT}dist/`;
const SOURCES = `${DIST}src/`;

/**
 * Copies the sources into dist/ and has the maps lead there. They are not published where they are here: a
 * compiler that reads no `exports` would take testing/index.ts for `pomerium-edge/testing`.
 */
export function addSources(): void {
  for (const map of globSync('**/*.{d.ts,js}.map', { cwd: DIST })) {
    const folder = dirname(DIST + map);
    const content = JSON.parse(readFileSync(DIST + map, 'utf8'));
    const sources = content.sources.map((source: string) => {
      const path = relative(ROOT, resolve(folder, source));
      cpSync(ROOT + path, SOURCES + path);
      return relative(folder, SOURCES + path);
    });
    writeFileSync(DIST + map, JSON.stringify({ ...content, sources }));
  }
}
