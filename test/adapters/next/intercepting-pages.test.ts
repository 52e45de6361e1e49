import { NextRequest } from 'next/server.js';
import { assert, describe, test } from 'vitest';
import { createProxy, type ProxyOptions } from '../../../adapters/next/index.ts';
import { compilePolicy, compileRoutes } from '../../../core/index.ts';
import { HOST } from '../../support/issuer.ts';
import { ASSERTION, admin, options, passedHeaders } from '../vercel/support.ts';

// What Next.js serves for these requests is shown in test/e2e/next/paths.test.ts.

const event = { waitUntil: () => {} } as never;
const forAdmins = { allow: { or: [{ groups: 'admins' }] } };
const byPath = compilePolicy({ allow: { or: [{ http_path: { starts_with: '/' } }] } });

const rules: ProxyOptions['rules'] = [
  { path: '/status', access: 'public' },
  { prefix: '/admin', access: forAdmins },
  { path: '/team', access: forAdmins },
  { prefix: '/files', access: byPath },
  { prefix: '/acme/photo', access: forAdmins },
  { prefix: '/', access: 'authenticated' },
];
const { audience: _, ...withoutAudience } = options;
const routes = compileRoutes([{ from: `https://${HOST}`, to: 'http://app', allow_any_authenticated_user: true }]);

async function nextUrlBehind(given: ProxyOptions, path: string, headers: Record<string, string>) {
  const request = new NextRequest(`https://app.test${path}`, {
    headers: { [ASSERTION]: admin, ...headers },
  });
  const answer = await createProxy(given)(request, event);
  assert.equal(answer.status, 200);
  const behind = passedHeaders(answer);
  return ['next-url', 'next_url'].flatMap((name) => behind[name] ?? [])[0];
}

describe('Next-Url', () => {
  const cases: [why: string, given: ProxyOptions, path: string, nextUrl: string, goesOn: boolean][] = [
    ['nothing is about the path', options, '/photo/1', '/admin', true],
    ['the same rule is for both', { ...options, rules }, '/photo/1', '/feed', true],
    ['the same rule is for both, with a slash', { ...options, rules }, '/photo/1', '/feed/', true],
    ['the same policy is for both', { ...options, rules }, '/admin/photo/1', '/admin/x', true],
    ['the page is less strict', { ...options, rules }, '/photo/1', '/status', true],
    ['the page is less strict than a policy', { ...options, rules }, '/admin/photo/1', '/feed', true],
    ['all paths are for the same', { ...options, rules: rules?.slice(-1) }, '/photo/1', '/feed/..', true],
    ['the page is stricter', { ...options, rules }, '/photo/1', '/admin', false],
    ['the page is stricter, in any case', { ...options, rules }, '/photo/1', '/ADMIN/x', false],
    ['the page is stricter, encoded', { ...options, rules }, '/photo/1', '/%61dmin', false],
    ['the page is not public', { ...options, rules }, '/status', '/feed', false],
    ['a page above is stricter', { ...options, rules }, '/photo/1', '/team/x/y', false],
    ['a parameter of the page makes the path another one', { ...options, rules }, '/open/photo/1', '/acme', false],
    ['it does, from further below', { ...options, rules }, '/open/photo/1', '/acme/x/y', false],
    ['no parameter of the page does', { ...options, rules }, '/open/photo/1', '/open', true],
    ['no rule is for the page', { ...options, rules: rules?.slice(0, 2) }, '/status', '/feed', false],
    ['the page has two readings', { ...options, rules }, '/photo/1', '/feed/../admin', false],
    ['the page is an intercepting one', { ...options, rules }, '/photo/1', '/feed/(..)admin', false],
    ['it has a query', { ...options, rules }, '/photo/1', '/feed?x', false],
    ['it is as deep as a page may be', { ...options, rules }, '/photo/1', '/a'.repeat(63), true],
    ['it came twice', { ...options, rules }, '/photo/1', '/feed, /x', false],
    ['it is no path', { ...options, rules }, '/photo/1', 'feed', false],
    ['it is deeper than any page', { ...options, rules }, '/photo/1', '/a'.repeat(64), false],
    ['a rule’s policy is about the path', { ...options, rules }, '/files/1', '/files/2', false],
    ['the policy is about the path', { ...options, policy: byPath }, '/photo/1', '/feed', false],
    ['there are routes', { ...withoutAudience, routes }, '/photo/1', '/feed', false],
  ];
  test.each(cases)('where %s', async (_why, given, path, nextUrl, goesOn) => {
    assert.equal(await nextUrlBehind(given, path, { 'next-url': nextUrl }), goesOn ? nextUrl : undefined);
  });

  test('where another header could be taken for it, that one does not go on', async () => {
    const headers = { 'next-url': '/feed', next_url: '/admin' };
    assert.equal(await nextUrlBehind({ ...options, rules }, '/photo/1', headers), '/feed');
    assert.equal(await nextUrlBehind({ ...options, rules }, '/photo/1', { next_url: '/feed' }), undefined);
  });
});
