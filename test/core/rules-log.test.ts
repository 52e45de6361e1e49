import { assert, describe, test } from 'vitest';
import type { PathRule, Policy } from '../../core/adapter.ts';
import { PomeriumError } from '../../core/index.ts';
import { admins } from '../support/access-name.ts';
import { makeGateRig, ORIGIN, SENDERS } from '../support/gate.ts';

const RULES: readonly PathRule[] = [
  { path: '/status', access: 'public' },
  { prefix: '/me', access: 'authenticated' },
  { prefix: "/it's", access: admins },
  { prefix: '/admin', access: admins },
  { path: '/get', access: { allow: { or: [{ http_path: '/get' }] } } },
];

const UNREADABLE = {
  message: 'The rules differ by path, and servers could read that path in different ways.',
  expected: 'a path with one reading: no encoded slash, dot segment, empty segment or double encoding',
};
const NO_RULE = {
  message: 'No rule is for this path.',
  expected: 'a path that a rule is for, by its path or prefix',
};
const deniedBy = (rule: string) => ({
  message: 'The policy refuses it: no allow rule holds.',
  expected: `${rule}: an allow rule that holds, and no deny rule that does`,
});

async function logged(rules: readonly PathRule[], target: string): Promise<Record<string, unknown>> {
  const rig = makeGateRig({ rules });
  assert.equal(await rig.ask({ url: `${ORIGIN}${target}`, headers: SENDERS.alice }), 'policy_denied');
  assert.lengthOf(rig.lines, 1);
  return JSON.parse(String(rig.lines[0]?.line));
}

describe('the log says why rules refuse', () => {
  const cases: [target: string, expected: { message: string; expected: string }][] = [
    ['//status', UNREADABLE],
    ['/status/../me', UNREADABLE],
    ['/status%2Fme', UNREADABLE],
    ['/_next/data/a/_next/data/b/me.json', UNREADABLE],
    ['/', NO_RULE],
    ['/statusx', NO_RULE],
    ['/admin', deniedBy("rules[3] { prefix: '/admin' }")],
    ['/ADMIN/x', NO_RULE],
    ["/it's", deniedBy("rules[2] { prefix: '/it's' }")],
    [
      '/get;',
      {
        message: 'The policy asks about the path, and servers could read that path in different ways.',
        expected: `rules[4] { path: '/get' }: ${UNREADABLE.expected}, no ?, # or ;`,
      },
    ],
  ];
  // Another spelling is for the rule that it may mean, if one is for the path itself.
  const withRest: readonly PathRule[] = [...RULES, { prefix: '/', access: 'authenticated' }];
  for (const [target, { message, expected }] of cases) {
    test(target, async () => {
      assert.include(await logged(target === '/get;' ? withRest : RULES, target), { status: 403, message, expected });
    });
  }

  test('by a spelling, the rule that it means', async () => {
    assert.include(await logged(withRest, '/ADMIN.json'), deniedBy("rules[3] { prefix: '/admin' }"));
  });

  test('by the rule for the path itself, of two with one policy', async () => {
    const rules: readonly PathRule[] = [
      { path: '/admin', access: admins },
      { prefix: '/', access: admins },
    ];
    assert.include(await logged(rules, '/ADMIN'), deniedBy("rules[1] { prefix: '/' }"));
    assert.include(await logged(rules, '/admin'), deniedBy("rules[0] { path: '/admin' }"));
  });

  for (const sender of ['alice', 'nobody'] as const) {
    test(`a Host that is none, for ${sender}, on a public path, too`, async () => {
      const rig = makeGateRig({ rules: RULES });
      const request = { url: `${ORIGIN}/status`, headers: { ...SENDERS[sender], host: 'app/admin?' } };
      assert.equal(await rig.ask(request), 'audience_mismatch');
      assert.lengthOf(rig.events, 1);
      assert.lengthOf(rig.lines, 1);
      assert.deepInclude(JSON.parse(String(rig.lines[0]?.line)), {
        type: 'assertion_refused',
        message: 'The Host of the request is no host name.',
        request: { method: 'GET', path: '/status' },
      });
    });
  }

  test('the policy alone, where all paths have it and this one has no one reading', async () => {
    assert.include(await logged([{ prefix: '/', access: admins }], '//'), {
      message: 'The policy refuses it: no allow rule holds.',
      expected: 'an allow rule that holds, and no deny rule that does',
    });
  });

  /** A policy of one's own that fails in this way. */
  const failing = (error: unknown): Policy => ({
    needsRequest: false,
    needsPath: false,
    decide: () => ({ allowed: false, allow: false, deny: true }),
    explain: () => ({ allowed: false, allow: false, deny: true, rules: [] }),
    check() {
      throw error;
    },
  });
  async function errorBy(access: Policy): Promise<PomeriumError | undefined> {
    const rig = makeGateRig({ rules: [{ prefix: '/', access }] });
    const result = await rig.gate.authorize({ method: 'GET', url: `${ORIGIN}/`, headers: SENDERS.alice });
    return result.type === 'refuse' ? result.error : undefined;
  }

  test('with the words of a policy of one’s own, and with the rule alone where it expects nothing', async () => {
    const refusal = new PomeriumError('policy_denied', 'Not on Sundays.');
    const error = await errorBy(failing(refusal));
    assert.equal(error?.message, 'Not on Sundays.');
    assert.equal(error?.expected, "rules[0] { prefix: '/' }");
    assert.equal(error?.cause, refusal);
  });

  test('and leaves what is no refusal by that policy as it is', async () => {
    const anonymous = new PomeriumError('anonymous', 'For somebody.', { expected: 'somebody' });
    assert.equal(await errorBy(failing(anonymous)), anonymous);
    const mistake = new TypeError('a mistake in a policy');
    assert.equal((await errorBy(failing(mistake)))?.cause, mistake);
  });
});
