import { assert, describe, test } from 'vitest';
import type { GateOptions } from '../../core/adapter.ts';
import { compilePolicy, staticKeys } from '../../core/index.ts';
import { ASSERTION, key, makeGateRig } from '../support/gate.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';

const first = await makeKey();
const FIRST = 'first.corp.example.com';
const signFirst = (claims: object) => sign(first, { aud: FIRST, iss: FIRST, ...claims });
const forWhom = {
  'for alice': await signFirst({}),
  'for nobody': await signFirst({ sub: '', user: '' }),
  'that expired': await signFirst({ exp: 1 }),
};

const service = await sign(key, { sub: 'svc', user: 'svc' });

describe('an assertion on behalf of a user', () => {
  const options: GateOptions = {
    onBehalfOf: {
      audience: FIRST,
      keys: staticKeys(jwks(first)),
      callers: compilePolicy({ allow: { or: [{ user: 'svc' }] } }),
    },
  };
  const cases: [name: string, options: GateOptions, which: keyof typeof forWhom, answer: string][] = [
    ['holds', {}, 'for alice', 'svc'],
    ['is refused', {}, 'for nobody', 'anonymous'],
    ['is refused where the caller may be nobody', { optional: true }, 'for nobody', 'anonymous'],
    ['is refused where the caller may be nobody', { optional: true }, 'that expired', 'expired'],
    [
      'makes the caller nobody on a public path',
      { rules: [{ prefix: '/', access: 'public' }] },
      'for nobody',
      'nobody',
    ],
  ];
  for (const [name, more, which, answer] of cases) {
    test(`${which} ${name}: ${answer}`, async () => {
      const rig = makeGateRig({ ...options, ...more });
      const headers = { [ASSERTION]: service, [`${ASSERTION}-for`]: forWhom[which] };
      assert.equal(await rig.ask({ headers }), answer);
      const last = rig.events.at(-1);
      assert.deepInclude(last, { subject: 'on-behalf-of' });
      assert.equal(last?.type, answer === 'svc' ? 'assertion_verified' : 'assertion_refused');
    });
  }

  test('is not looked at where nobody calls', async () => {
    const rig = makeGateRig({ ...options, optional: true });
    assert.equal(await rig.ask({ headers: { [`${ASSERTION}-for`]: forWhom['that expired'] } }), 'nobody');
    assert.deepEqual(rig.events, []);
  });
});
