import { assert, describe, test } from 'vitest';
import { type AuthorizerOptions, createAuthorizer } from '../../../adapters/aws-lambda/index.ts';
import { compilePolicy, compileRoutes, staticKeys } from '../../../core/index.ts';
import { firstRoute, key } from '../../support/gate.ts';
import { HOST, jwks, NOW, sign } from '../../support/issuer.ts';
import { assertMisconfigured } from '../../support/verifying.ts';
import { appSync } from './events.ts';
import { withVariables } from './process.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const good = await sign(key);
const expired = await sign(key, { exp: 1 });
const soon = await sign(key, { exp: NOW + 10.5 });
const past = await sign(key, { exp: NOW - 10 });
const base = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };

/** AppSync keeps an answer for the token of `Authorization` alone. */
describe('for how long AppSync may keep an answer', () => {
  const answer = async (event: unknown, more: AuthorizerOptions = {}) => {
    return (await createAuthorizer({ ...base, allowBearer: true, ttlOverride: 300, ...more })(event)) as {
      isAuthorized: boolean;
      ttlOverride: number;
    };
  };
  const denyAll: AuthorizerOptions = { policy: compilePolicy({ deny: { or: [{ accept: true }] } }) };
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
    ['until the assertion ends', appSync(soon), { ttlOverride: 3600 }, true, 10],
    ['until the refused assertion ends', appSync(soon), { ttlOverride: 3600, ...denyAll }, false, 10],
    ['not at all, where only clocks that differ let the assertion in', appSync(past), {}, true, 0],
  ];
  for (const [name, event, options, isAuthorized, seconds] of cases) {
    test(name, async () => {
      const { isAuthorized: allowed, ttlOverride } = await answer(event, options);
      assert.deepEqual({ allowed, ttlOverride }, { allowed: isAuthorized, ttlOverride: seconds });
    });
  }
});

describe('ttlOverride is refused beside what asks about more than the token', () => {
  const build = (more: Record<string, unknown>) => () => createAuthorizer({ ...base, ttlOverride: 1, ...more });
  const routes = [{ from: `https://${HOST}`, to: 'http://127.0.0.1:1', policy: [{ allow: { or: [{ user: 'u' }] } }] }];
  const asks = { allow: { or: [{ http_method: 'GET' }] } };
  const cases: [name: string, options: Record<string, unknown>, says: RegExp][] = [
    ['onBehalfOf', { onBehalfOf: firstRoute.onBehalfOf }, /onBehalfOf has a header of its own/],
    ['routes', { audience: undefined, routes: compileRoutes({ routes }) }, /routes differ by these/],
    ['several audiences', { audience: [HOST, 'b.example.com'] }, /which of several audiences/],
    ['a policy about the request', { policy: compilePolicy(asks) }, /the policy asks about the request/],
    ['maxTokenAge', { maxTokenAge: 60 }, /maxTokenAge ends an assertion before its exp/],
  ];
  for (const [name, options, says] of cases) {
    test(name, () => {
      assertMisconfigured(build(options), new RegExp(`^ttlOverride .*${says.source}.*; leave ttlOverride out`));
      assert.doesNotThrow(build({ ...options, ttlOverride: 0 }));
    });
  }

  test('several audiences of the environment', () =>
    withVariables({ POMERIUM_AUDIENCE: `${HOST},b.example.com` }, () =>
      assertMisconfigured(build({ audience: undefined }), /which of several audiences/),
    ));

  test('but not beside a policy about the identity, or one audience in a list', () => {
    const policy = compilePolicy({ allow: { or: [{ domain: 'example.com' }] } });
    assert.doesNotThrow(build({ policy, audience: [HOST, HOST] }));
  });
});
