import { assert, describe, test } from 'vitest';
import type { GateOptions } from '../../core/adapter.ts';
import { compilePolicy } from '../../core/index.ts';
import { admins } from '../support/access-name.ts';
import { makeGateRig, ORIGIN, SENDERS } from '../support/gate.ts';

// The one such header is Next-Url: test/adapters/next/intercepting-pages.test.ts.

const byPath = compilePolicy({ allow: { or: [{ http_path: { starts_with: '/' } }] } });
const rules: GateOptions['rules'] = [
  { path: '/status', access: 'public' },
  { prefix: '/admin', access: admins },
  { prefix: '/files', access: byPath },
  { prefix: '/', access: 'authenticated' },
];

/** Whether the header goes on, for an admin. */
async function keeps(
  options: GateOptions<Request>,
  path: string,
  pages: readonly string[] | undefined,
  name = 'Next-Url',
): Promise<boolean> {
  const shownIn = pages && { header: 'next-url', paths: pages };
  const request = { method: 'GET', url: ORIGIN + path, headers: SENDERS.admin, shownIn };
  const result = await makeGateRig(options).gate.authorize(request);
  if (result.type !== 'allow') throw result.error;
  return result.headers.keeps(name, pages?.[0] ?? '');
}

describe('the header by which the platform shows a part of other pages', () => {
  const cases: [
    why: string,
    options: GateOptions<Request>,
    path: string,
    pages: string[] | undefined,
    goesOn: boolean,
  ][] = [
    ['goes on where nothing is about the path', {}, '/photo', ['/admin'], true],
    ['goes on where the same rule is for both', { rules }, '/photo', ['/feed', '/'], true],
    ['goes on where the same policy is for both', { rules }, '/admin/photo', ['/admin/x'], true],
    ['does not where a page is for fewer', { rules }, '/photo', ['/feed', '/admin'], false],
    ['does not where the path is for everybody', { rules }, '/status', ['/feed'], false],
    ['does not where a page has no reading', { rules }, '/photo', [''], false],
    ['does not where the policy of both is about the path', { rules }, '/files/photo', ['/files/x'], false],
    ['does not where another policy is about the path', { rules, policy: byPath }, '/photo', ['/feed'], false],
    ['does not where that is all', { policy: byPath }, '/photo', ['/feed'], false],
    ['does not where the platform does not say of which pages', { rules }, '/photo', undefined, false],
  ];
  for (const [why, options, path, pages, goesOn] of cases) {
    test(why, async () => assert.equal(await keeps(options, path, pages), goesOn));
  }

  test('is the only one, in one spelling', async () => {
    for (const name of ['next_url', 'x-original-url'])
      assert.isFalse(await keeps({ rules }, '/photo', ['/feed'], name));
  });
});
