import { assert, describe, test } from 'vitest';
import { type AuthorizerOptions, createAuthorizer } from '../../../adapters/aws-lambda/index.ts';
import { compilePolicy, staticKeys } from '../../../core/index.ts';
import { firstRoute, key } from '../../support/gate.ts';
import { HOST, jwks, NOW, sign } from '../../support/issuer.ts';
import { appSync } from './events.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const good = await sign(key);
const expired = await sign(key, { exp: 1 });
const original = await firstRoute.sign();

/** AppSync keeps an answer for the token of `Authorization` alone. */
describe('for how long AppSync may keep an answer', () => {
  const answer = async (event: unknown, more: AuthorizerOptions = {}) => {
    const base = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
    return (await createAuthorizer({ ...base, allowBearer: true, ttlOverride: 300, ...more })(event)) as {
      isAuthorized: boolean;
      ttlOverride: number;
    };
  };
  const denyAll: AuthorizerOptions = { policy: compilePolicy({ deny: { or: [{ accept: true }] } }) };
  const { onBehalfOf } = firstRoute;
  const cases: [name: string, event: unknown, options: AuthorizerOptions, isAuthorized: boolean, seconds: number][] = [
    ['as configured, where the token is the assertion', appSync(good), {}, true, 300],
    ['as configured, with its scheme', appSync(`Bearer ${good}`), {}, true, 300],
    ['as configured, where both headers have it', appSync(good, { [ASSERTION]: good }), {}, true, 300],
    ['as configured, where the policy refuses the token', appSync(good), denyAll, false, 300],
    ['not at all by default', appSync(good), { ttlOverride: 0 }, true, 0],
    ['not at all, where everybody sends the same token', appSync('none', { [ASSERTION]: good }), {}, true, 0],
    ['not at all, where everybody does and is refused', appSync('none', { [ASSERTION]: expired }), {}, false, 0],
    ['not at all, where the token does not hold', appSync(expired), {}, false, 0],
    ['not at all, where nobody sends an assertion', appSync('none'), {}, false, 0],
    ['not at all, where there is no token', appSync('', { [ASSERTION]: good }), {}, true, 0],
    ['not at all, where the token is another assertion', appSync(expired, { [ASSERTION]: good }), {}, true, 0],
    ['not at all, where the token only holds it', appSync(`${good},${good}`, { [ASSERTION]: good }), {}, true, 0],
    [
      'not at all, where the request is for another user, too',
      appSync(good, { [`${ASSERTION}-for`]: original }),
      { onBehalfOf },
      true,
      0,
    ],
  ];
  for (const [name, event, options, isAuthorized, seconds] of cases) {
    test(name, async () => {
      const { isAuthorized: allowed, ttlOverride } = await answer(event, options);
      assert.deepEqual({ allowed, ttlOverride }, { allowed: isAuthorized, ttlOverride: seconds });
    });
  }
});
