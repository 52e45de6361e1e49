import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Zippable, zipSync } from 'fflate';
import { bundleForZip } from './bundle-lambda.ts';
import { LICENCES_FILE, licencesOf } from './bundled-packages.ts';
import { ROOT } from './run.ts';

const NAME = 'pomerium-authorizer.zip';

/** The earliest that a zip can tell, by whatever clock. */
const MTIME = new Date(1980, 0, 1);
/** A file that everybody may read, as Lambda needs it, in the upper half of Unix' own attributes. */
const READABLE = { attrs: 0o100644 << 16, os: 3, mtime: MTIME, level: 9 } as const;

const { files, packages } = await bundleForZip();
const contents: Record<string, Uint8Array> = {
  ...files,
  LICENSE: readFileSync(`${ROOT}LICENSE`),
  [LICENCES_FILE]: new TextEncoder().encode(licencesOf(packages)),
};
const entries = Object.entries(contents).sort(([a], [b]) => (a < b ? -1 : 1));
const zip = zipSync(Object.fromEntries(entries.map(([name, bytes]) => [name, [bytes, READABLE]])) as Zippable);
const checksum = createHash('sha256').update(zip).digest('hex');

mkdirSync(`${ROOT}dist`, { recursive: true });
writeFileSync(`${ROOT}dist/${NAME}`, zip);
writeFileSync(`${ROOT}dist/${NAME}.sha256`, `${checksum}  ${NAME}\n`);

for (const [name, bytes] of entries) console.info(`${name}: ${bytes.length} bytes`);
console.info(`dist/${NAME}: ${zip.length} bytes, SHA-256 ${checksum}`);
