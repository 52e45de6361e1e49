import { assert, describe, test } from 'vitest';
import type { GateOptions, GateRequest } from '../../core/adapter.ts';
import { PomeriumError, type PomeriumEvent } from '../../core/index.ts';
import { eventNames, makeGateRig, ORIGIN, SENDERS } from '../support/gate.ts';

const rules: GateOptions['rules'] = [{ prefix: '/public', access: 'public' }];
const at = (path: string) => ({ url: `${ORIGIN}${path}` });

describe('what goes wrong beside the assertion', () => {
  const broken = {
    find: () => {
      throw new TypeError('a mistake in a key source');
    },
    ready: async () => {},
  };
  const options: [name: string, options: GateOptions][] = [
    ['an error of a key source', { keys: broken }],
    ['an error of a key source, where requests for nobody pass', { keys: broken, optional: true }],
    ['an error of a key source, on a public path', { keys: broken, rules: [{ prefix: '/', access: 'public' }] }],
    [
      'an error of the clock',
      {
        now: () => {
          throw new TypeError('a mistake in a clock');
        },
      },
    ],
  ];
  for (const [name, more] of options) {
    test(`${name} is a 500, logged once, with no event that would call it a refusal`, async () => {
      const rig = makeGateRig(more);
      const result = await rig.gate.authorize({ method: 'GET', url: '/', headers: SENDERS.alice });
      const error = result.type === 'refuse' ? result.error : assert.fail();
      assert.equal(error.code, 'invalid_configuration');
      assert.equal(error.status, 500);
      assert.match(error.message, /see the log/);
      assert.instanceOf(error.cause, TypeError, 'for onRefused');
      assert.lengthOf(rig.lines, 1);
      assert.match(String(rig.lines[0]?.line), /^TypeError: a mistake/);
      assert.deepEqual(rig.events, []);
    });
  }

  const configurations: [name: string, options: object, env: object, sentence: RegExp][] = [
    ['an option that is none', { audiense: 'a' }, {}, /audiense/],
    ['a variable that is none', {}, { POMERIUM_OPTIONAL: 'yes' }, /POMERIUM_OPTIONAL must be true or false/],
    ['no audience', {}, { POMERIUM_AUDIENCE: '' }, /POMERIUM_AUDIENCE is not set/],
  ];
  const requests: [name: string, request: Partial<GateRequest>][] = [
    ['a public path', at('/public')],
    ['a good assertion', { headers: SENDERS.alice }],
    [
      'a preflight',
      { method: 'OPTIONS', headers: { origin: 'https://a.test', 'access-control-request-method': 'GET' } },
    ],
  ];
  for (const [name, more, env, sentence] of configurations) {
    for (const [what, request] of requests) {
      test(`${name} refuses ${what} with a 500 and says why in the log, each time`, async () => {
        const rig = makeGateRig({ rules, allowPreflight: true, ...more }, { env });
        for (const count of [1, 2]) {
          assert.equal(await rig.ask(request), 'invalid_configuration');
          assert.lengthOf(rig.lines, count);
        }
        const { level, line } = rig.lines[0] ?? {};
        assert.equal(level, 'error');
        assert.match(JSON.parse(String(line)).message, sentence);
      });
    }
  }

  test('keys that cannot be had are told before the first request to who asks for them', async () => {
    const unavailable = new PomeriumError('keys_unavailable', 'Pomerium is not there.');
    const keys = { ...broken, ready: () => Promise.reject(unavailable) };
    const failure = await makeGateRig({ keys })
      .gate.ready()
      .catch((error) => error);
    assert.strictEqual(failure, unavailable);
  });

  test('a configuration that cannot work has no keys to get ready', async () => {
    const failure = await makeGateRig({}, { env: { POMERIUM_AUDIENCE: '' } })
      .gate.ready()
      .catch((error) => error);
    assert.match(failure.message, /POMERIUM_AUDIENCE is not set/);
  });

  test('with a configuration that cannot work, all else is as without options', () => {
    const { gate } = makeGateRig({}, { env: { POMERIUM_AUDIENCE: '' } });
    const whole = makeGateRig().gate;
    assert.deepEqual(gate.settings.policyOptions, whole.settings.policyOptions);
    assert.include(gate.settings, { log: true, logSubject: false });
    const headers = gate.answerHeaders(() => null);
    assert.equal(new Map(headers).get('cache-control'), 'private, no-cache');
    assert.deepEqual(
      headers,
      whole.answerHeaders(() => null),
    );
  });

  test('a listener that fails, now or later, changes nothing and keeps nothing from the log', async () => {
    const listeners: ((event: PomeriumEvent) => unknown)[] = [
      () => {
        throw new Error('a broken listener');
      },
      () => Promise.reject(new Error('a broken listener')),
    ];
    for (const onEvent of listeners) {
      const rig = makeGateRig({ onEvent });
      assert.equal(await rig.ask({ headers: SENDERS.alice }), 'u-alice');
      assert.equal(await rig.ask({ headers: SENDERS.expired }), 'expired');
      assert.lengthOf(rig.lines, 1);
    }
  });

  test('a log that fails changes nothing', async () => {
    const fail = () => {
      throw new Error('a broken log');
    };
    const rig = makeGateRig({ keys: broken }, { log: { event: fail, failure: fail } });
    assert.equal(await rig.ask({ headers: SENDERS.alice }), 'invalid_configuration');
    const other = makeGateRig({}, { log: { event: fail, failure: fail } });
    assert.equal(await other.ask({ headers: SENDERS.expired }), 'expired');
    assert.deepEqual(eventNames(other.events), ['expired']);
  });
});
