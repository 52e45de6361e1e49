import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { ROOT } from '../../scripts/run.ts';
import { APPS, type BuiltApp, buildApp } from './frameworks/build-app.ts';

/** The same in each: a gate that is a framework's own middleware, which prerendering runs, too. */
const VERIFY = `import { createVerifier, problemResponse } from 'pomerium-edge';
const verifier = createVerifier({ audience: 'app.corp.example.com' });
const refusalOf = (request) => verifier.verifyRequest(request).then(() => undefined, (error) => problemResponse(error, request));
`;

interface Gated {
  /** As the row of docs/frameworks.md says it. */
  readonly name: string;
  readonly app: string;
  readonly build: readonly [tool: string, ...args: string[]];
  readonly file: string;
  readonly text: string;
  /** Where the page would be. */
  readonly page: string;
  readonly outcome: 'is the refusal, for everybody' | 'is not there' | 'fails the build';
}

const GATED: readonly Gated[] = [
  {
    name: 'Astro',
    app: 'astro',
    build: ['astro', 'build'],
    file: 'src/middleware.ts',
    text: 'export const onRequest = async (context, next) => (await refusalOf(context.request)) ?? next();',
    page: 'dist/client/about/index.html',
    outcome: 'is the refusal, for everybody',
  },
  {
    name: 'SvelteKit',
    app: 'sveltekit',
    build: ['vite', 'build'],
    file: 'src/hooks.server.ts',
    text: 'export const handle = async ({ event, resolve }) => (await refusalOf(event.request)) ?? resolve(event);',
    page: 'build/prerendered/about.html',
    outcome: 'fails the build',
  },
  {
    name: 'React Router',
    app: 'react-router',
    build: ['react-router', 'build'],
    file: 'app/root.tsx',
    text: `${readFileSync(join(ROOT, APPS, 'react-router/app/root.tsx'), 'utf8')}
export const middleware = [async ({ request }, next) => (await refusalOf(request)) ?? next()];`,
    page: 'build/client/about/index.html',
    outcome: 'fails the build',
  },
  {
    name: 'Nuxt and Nitro',
    app: 'nitro',
    build: ['nitropack', 'build'],
    file: 'middleware/gate.ts',
    text: `import { defineEventHandler, toWebRequest } from 'h3';
export default defineEventHandler((event) => refusalOf(toWebRequest(event)));`,
    page: '.output/public/about/index.html',
    outcome: 'is not there',
  },
  {
    name: 'TanStack Start',
    app: 'tanstack-start',
    build: ['vite', 'build'],
    file: 'src/start.ts',
    text: `import { createMiddleware, createStart } from '@tanstack/react-start';
const gate = createMiddleware().server(async ({ request, next }) => {
  const refusal = await refusalOf(request);
  if (refusal) throw refusal;
  return next();
});
export const startInstance = createStart(() => ({ requestMiddleware: [gate] }));`,
    page: 'dist/client/about/index.html',
    outcome: 'fails the build',
  },
];

for (const { name, app, build, file, text, page, outcome } of GATED) {
  describe(`${name} with a gate in its own middleware`, () => {
    let built: BuiltApp;
    beforeAll(async () => {
      built = await buildApp(app, build, { [file]: `${VERIFY}${text}\n` });
    });
    afterAll(() => built?.remove());

    test(`a prerendered page ${outcome}`, () => {
      const { code, output, folder } = built;
      if (outcome === 'fails the build') {
        assert.notEqual(code, 0, output);
        assert.match(output, /401|Unauthorized/);
        return;
      }
      assert.equal(code, 0, output);
      if (outcome === 'is not there') assert.isFalse(existsSync(join(folder, page)));
      else assert.include(readFileSync(join(folder, page), 'utf8'), 'missing_assertion');
    });

    test('docs/frameworks.md says so', () => {
      const docs = readFileSync(join(ROOT, 'docs/frameworks.md'), 'utf8');
      assert.include(docs, `| ${name} | \`${file}\` | ${outcome} |`);
    });
  });
}
