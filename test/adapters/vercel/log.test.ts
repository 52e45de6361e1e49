import { assert, describe, test } from 'vitest';
import { createMiddleware, type MiddlewareOptions, withPomerium } from '../../../adapters/vercel/index.ts';
import type { PathRule } from '../../../core/gate/rules.ts';
import type { PomeriumEvent } from '../../../core/index.ts';
import { ASSERTION, anonymous, expired, logOf, loud, requestWith, token } from './support.ts';

const rules: PathRule[] = [
  { prefix: '/open', access: 'public' },
  { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
  { prefix: '/', access: 'authenticated' },
];

async function logged(headers: Record<string, string>, path: string, more: MiddlewareOptions = {}): Promise<unknown[]> {
  const given = { ...loud, rules, ...more };
  const { lines } = await logOf(() => createMiddleware(given)(requestWith(headers, path)));
  return lines.map((line) => JSON.parse(String(line)));
}

describe('the log', () => {
  const id = 'iad1::iad1::abcde-1700000000000-0123456789ab';
  const refused: [headers: Record<string, string>, path: string, code: string, request: object][] = [
    [{}, '/in?token=secret', 'missing_assertion', { method: 'GET', path: '/in' }],
    [
      { [ASSERTION]: token, 'x-vercel-id': id },
      '/admin/%C3%A9',
      'policy_denied',
      { method: 'GET', path: '/admin/é', id },
    ],
    [{ [ASSERTION]: expired, 'x-request-id': 'r-1' }, '/', 'expired', { method: 'GET', path: '/', id: 'r-1' }],
    [{ 'x-vercel-id': 'i'.repeat(99) }, '/', 'missing_assertion', { method: 'GET', path: '/', id: 'i'.repeat(64) }],
  ];
  for (const [headers, path, code, request] of refused) {
    test(`has one line for a refusal as ${code} of ${path}, with the request and without claims`, async () => {
      const [line, ...others] = await logged(headers, path);
      assert.deepEqual(others, []);
      assert.deepInclude(line as object, { type: 'assertion_refused', code, request });
      assert.notMatch(JSON.stringify(line), /alice|secret/);
    });
  }

  const silent: [name: string, headers: Record<string, string>][] = [
    ['a good request', { [ASSERTION]: token }],
    ['a request for nobody of a public path', {}],
    ['an assertion for nobody on a public path', { [ASSERTION]: anonymous }],
  ];
  for (const [name, headers] of silent) {
    test(`has no line for ${name}`, async () => assert.deepEqual(await logged(headers, '/open'), []));
  }

  test('goes on beside onEvent, which is told of everything', async () => {
    const events: PomeriumEvent[] = [];
    const onEvent = (event: PomeriumEvent) => events.push(event);
    assert.lengthOf(await logged({}, '/in', { onEvent }), 1);
    assert.deepEqual(await logged({}, '/in', { onEvent, log: false }), []);
    assert.deepEqual(await logged({ [ASSERTION]: token }, '/in', { onEvent }), []);
    const types = ['assertion_refused', 'assertion_refused', 'assertion_verified'];
    assert.deepEqual(
      events.map(({ type }) => type),
      types,
    );
  });

  test('has a mistake of somebody’s own code, and the request is a 500', async () => {
    const broken = () => {
      throw new TypeError('mine');
    };
    const keys = { find: broken, ready: async () => {} };
    const GET = withPomerium(() => new Response(), { ...loud, keys });
    const { result, lines } = await logOf(() => GET(requestWith({ [ASSERTION]: token })));
    assert.equal(result.status, 500);
    assert.match(String(lines), /TypeError: mine/);
  });
});
