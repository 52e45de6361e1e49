import { writeFileSync } from 'node:fs';
import { shippedPackages } from './bill-of-materials.ts';
import { ROOT } from './run.ts';

/** A CycloneDX list of what is shipped, for who has to know: it is in the published package. */
const FILE = 'dist/pomerium-edge.cdx.json';

const bom = await shippedPackages();
writeFileSync(ROOT + FILE, `${JSON.stringify(bom, null, 2)}\n`);
console.info(`${FILE}: ${bom.components.map((component) => component['bom-ref']).join(', ')}`);
