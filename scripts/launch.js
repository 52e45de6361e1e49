// Plain JavaScript, so that an old Node.js can read it far enough to say what is missing.
const [task = '', ...rest] = process.argv.slice(2);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `The tools need Node.js 22.18 or later; this is ${process.versions.node}. On Linux x64 "npm ci" brings one along; elsewhere install one.`,
  );
  process.exit(1);
}
process.argv.splice(2, process.argv.length - 2, ...rest);
// Built before anything else: what the tasks import looks for dist/ (the package's own imports lead there).
await run().catch((error) => {
  const isMissing = error?.code === 'ERR_MODULE_NOT_FOUND' && /Cannot find package/.test(error.message);
  if (isMissing) console.error('The tools are not installed; run "npm ci" first.');
  else console.error(error?.name === 'UserError' ? error.message : error);
  process.exit(1);
});

async function run() {
  await import('./build.ts');
  await import(`./${task}.ts`);
}
