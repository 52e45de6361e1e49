import { assert, test } from 'vitest';
import { makeKey, sign } from '../support/issuer.ts';
import { sendRaw } from './raw-request.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
/** Of whoever signs what `testTargets` sends. */
export const key = await makeKey();

/** Targets as a client may write them, which no browser and no Pomerium sends. */
const TARGETS = [
  '/admin/../public',
  '/admin/x/../../public',
  '/admin/./../public',
  '/admin/%2e%2e/public',
  '/admin/.%2E/public',
  '/admin\\..\\public',
  'admin\\..\\public',
  '/admin/..\\public',
  '/public/../admin/x',
  '/public/%2e%2e/admin/x',
  '/public/..\\admin\\x',
  '/admin/x#/../../public',
  '/public#/../admin/x',
  'http://other.test/admin/../public',
  'http://other.test/admin/%2e%2e/public',
  'http://other.test?/admin/x',
  'http://other.test\\admin\\..\\public',
  'http:///admin/../public',
  '?/admin/x',
  '?/../admin/x',
  '*',
];

/** Of an app with the pages of `raw-targets-app.ts`: nobody and Alice never see the admin page, and the gate is one that lets admins in. */
export function testTargets(baseUrl: () => string, more: readonly (readonly [string, string])[] = []): void {
  const senders: [name: string, claims: Record<string, unknown> | undefined][] = [
    ['nobody', undefined],
    ['Alice', {}],
  ];
  const headersOf = async (claims: Record<string, unknown> | undefined) => [
    ...more,
    ...(claims ? [[ASSERTION, await sign(key, claims)] as const] : []),
  ];

  test('plain targets are for whom the rules say', async () => {
    const ask = async (target: string, claims?: Record<string, unknown>) => {
      const { status, body } = await sendRaw(baseUrl(), target, await headersOf(claims));
      return status === 200 ? body : status;
    };
    assert.equal(await ask('/public?x=/../admin'), 'public page');
    assert.equal(await ask('/'), 'start page');
    assert.equal(await ask('/admin/x'), 401);
    assert.equal(await ask('/admin/x', {}), 403);
    assert.equal(await ask('/admin/x', { groups: ['admins'] }), 'ADMIN SECRET');
  });

  for (const [name, claims] of senders) {
    for (const target of TARGETS) {
      test(`${target} shows ${name} no page of admins`, async () => {
        const { body } = await sendRaw(baseUrl(), target, await headersOf(claims));
        assert.notInclude(body, 'ADMIN SECRET');
      });
    }
  }
}
