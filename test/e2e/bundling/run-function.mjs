import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// As Lambda does: a `.mjs` is imported, the rest required. Prints what the handler answers to each event, or throws.
const [path, ...events] = process.argv.slice(2);
const { handler } = path.endsWith('.mjs') ? await import(pathToFileURL(path)) : createRequire(path)(path);
const answers = [];
for (const event of events) {
  answers.push(await handler(JSON.parse(event), {}).catch((error) => ({ thrown: error.message })));
}
process.stdout.write(`\nanswers ${JSON.stringify(answers)}\n`);
