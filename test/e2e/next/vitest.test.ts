import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, assert, describe, test } from 'vitest';
import { run, tool } from '../../../scripts/run.ts';
import { makeApp } from './apps.ts';

/** How users test their code: what reaches this package, and that an environment with a DOM is no browser. */
const app = makeApp('16', 'vitest', {
  'route.js': `
    import { requireIdentity } from 'pomerium-edge/next';
    export const GET = async () => Response.json((await requireIdentity()).email);`,
  'dom.js': `
    export default {
      name: 'dom', viteEnvironment: 'client', setup() { globalThis.window = globalThis; return { teardown() {} }; },
    };`,
  'ours.test.js': `
    import { expect, test, vi } from 'vitest';
    import { createTestIssuer } from 'pomerium-edge/testing';
    import { GET } from './route.js';
    vi.mock('pomerium-edge/next', () => ({ requireIdentity: async () => ({ email: 'alice@example.com' }) }));
    test('it', async () => {
      expect(await (await GET()).json()).toBe('alice@example.com');
      expect(await (await createTestIssuer()).sign()).toMatch(/^ey/);
    });`,
  'headers.test.js': `
    import { expect, test, vi } from 'vitest';
    import { createTestIssuer } from 'pomerium-edge/testing';
    import { GET } from './route.js';
    const sent = new Headers();
    vi.mock('next/headers', () => ({ headers: async () => sent }));
    vi.mock('next/cache', () => ({ revalidatePath() {} }));
    test('it', async () => {
      const issuer = await createTestIssuer({ host: 'app.corp.example.com' });
      vi.stubEnv('POMERIUM_AUDIENCE', 'app.corp.example.com');
      vi.stubEnv('POMERIUM_JWKS', JSON.stringify(issuer.jwks()));
      await expect(GET()).rejects.toMatchObject({ code: 'missing_assertion' });
      sent.set('x-pomerium-jwt-assertion', await issuer.sign({ email: 'alice@example.com' }));
      expect(await (await GET()).json()).toBe('alice@example.com');
    });`,
});
afterAll(() => app.remove());

const INLINE = "server: { deps: { inline: ['pomerium-edge'] } }";
const CASES: [name: string, file: string, config: string][] = [
  ['vi.mock("pomerium-edge/next") needs nothing', 'ours', ''],
  ['vi.mock("next/headers") needs server.deps.inline', 'headers', INLINE],
  ['vi.mock("pomerium-edge/next") with a DOM', 'ours', "environment: './dom.js'"],
  ['vi.mock("next/headers") with a DOM', 'headers', `environment: './dom.js', ${INLINE}`],
];

describe('code of an app under Vitest', () => {
  for (const [name, file, config] of CASES) {
    test(name, async () => {
      const settings = `include: ['${file}.test.js'], ${config}`;
      writeFileSync(join(app.folder, 'vitest.config.js'), `export default { test: { ${settings} } };`);
      const ran = await run(tool('vitest'), ['run', '--root', '.'], { cwd: app.folder, capture: true });
      assert.equal(ran.code, 0, ran.output);
    });
  }
});
