import { must, UserError } from './run.ts';

/** `npm run bench [-- PART]…`: each in a process of its own; what a runtime is, the library decides once when it is loaded. */
const PARTS: Readonly<Record<string, string>> = {
  verify: 'bench/verify.ts',
  server: 'bench/server.ts',
  fleet: 'bench/fleet.ts',
  memory: 'bench/memory.ts',
  cold: 'bench/cold/run.ts',
};
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
for (const name of names) {
  const file = PARTS[name];
  if (!file) throw new UserError(`There is no part ${name}; there are ${Object.keys(PARTS).join(', ')}.`);
  console.log(`\n## ${name}\n`);
  await must(process.execPath, [file]);
}
