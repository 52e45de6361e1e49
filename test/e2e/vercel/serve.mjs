/*
 * In the place of Vercel's launcher: `node serve.mjs <folder of a function>` answers requests with its handler, which gets what
 * is in that folder and nothing else. Prints its URL.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serve } from '@hono/node-server';

const [folder] = process.argv.slice(2);
const { handler } = JSON.parse(readFileSync(join(folder, '.vc-config.json'), 'utf8'));
const module = await import(pathToFileURL(join(folder, handler)).href);
const answer = (request) => (module.default ?? module[request.method])(request, { waitUntil: () => {} });
serve({ fetch: answer, hostname: '127.0.0.1', port: 0 }, ({ port }) => console.log(`http://127.0.0.1:${port}`));
