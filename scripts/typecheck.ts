import { must, tool } from './run.ts';

/** Types of everything, and core/ without Node.js' globals. */
await must(tool('tsc'), ['--noEmit']);
await must(tool('tsc'), ['--noEmit', '-p', 'tsconfig.core.json']);
