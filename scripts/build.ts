import { rmSync } from 'node:fs';
import { must, ROOT, tool } from './run.ts';

/** dist/ anew: what is published, and what everything that is not a unit test runs on. */
rmSync(`${ROOT}dist`, { recursive: true, force: true });
await must(tool('tsc'), ['-p', 'tsconfig.build.json']);
