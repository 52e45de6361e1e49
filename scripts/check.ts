import { must, tool } from './run.ts';

/** Types of everything, core/ without Node.js' globals, and the package as its users will meet it. */
await must(tool('tsc'), ['--noEmit']);
await must(tool('tsc'), ['--noEmit', '-p', 'tsconfig.core.json']);
await must(tool('publint'), ['--strict']);
await must(tool('attw'), ['--pack', '.', '--profile', 'esm-only']);
