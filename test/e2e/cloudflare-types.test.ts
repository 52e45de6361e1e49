import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { must, ROOT, tool } from '../../scripts/run.ts';
import { installProject, type Project } from '../support/example-project.ts';

const COMPILERS = [tool('tsc'), `${ROOT}toolchain/workers/node_modules/.bin/tsc`];

const EXAMPLES = ['cloudflare-workers', 'cloudflare-pages', 'cloudflare-service', 'cloudflare-static'];

describe('an example that is installed type-checks with what wrangler types writes', () => {
  let previous: Project | undefined;
  afterAll(() => previous?.remove());

  test.each(EXAMPLES)('%s, under TypeScript 7 and 5.9', async (example) => {
    const project = await installProject(`examples/${example}`);
    const { folder } = project;
    const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = 'worker-configuration.d.ts';
    // Wrangler writes the types of the runtime anew only where the file has those of another compatibility date: 3 s saved.
    if (previous) copyFileSync(join(previous.folder, file), join(folder, file));
    previous?.remove();
    previous = project;
    await must(tool('wrangler'), scripts.types.split(' ').slice(1), { cwd: folder, capture: true });
    await Promise.all(COMPILERS.map((compiler) => must(compiler, ['--noEmit'], { cwd: folder, capture: true })));
  });
});
