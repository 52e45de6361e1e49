import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { must, tool } from '../../scripts/run.ts';
import { installProject } from '../support/example-project.ts';

const EXAMPLES = [
  'cloudflare-pages',
  'cloudflare-service',
  'cloudflare-static',
  'cloudflare-workers',
  'cloudflare-mcp',
  'hono',
  'hono-mcp',
  'vercel',
];

describe('an example that is installed type-checks, with what wrangler types writes', () => {
  let previousTypes: string | undefined;

  test.each(EXAMPLES)('%s', async (example) => {
    const { folder, script, remove } = await installProject(`examples/${example}`);
    try {
      if (example.startsWith('cloudflare-')) {
        const [, ...args] = script('types');
        const file = join(folder, 'worker-configuration.d.ts');
        // Wrangler writes the types of the runtime anew only where the file has those of another date or other flags: 3 s saved.
        if (previousTypes !== undefined) writeFileSync(file, previousTypes);
        await must(tool('wrangler'), args, { cwd: folder, capture: true });
        previousTypes = readFileSync(file, 'utf8');
      }
      await must(tool('tsc'), ['--noEmit'], { cwd: folder, capture: true });
    } finally {
      remove();
    }
  });
});
