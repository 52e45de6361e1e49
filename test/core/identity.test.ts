import { assert, describe, test } from 'vitest';
import { HOST, makeKey, NOW, sign } from '../support/issuer.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();

describe('Identity', () => {
  test('holds what was signed', async () => {
    const identity = await makeRig(key).verify(await sign(key, { jti: 't-1', department: 'R&D' }));
    const { claims, ...rest } = identity;
    assert.deepEqual(rest, {
      subject: 'u-alice',
      user: 'u-alice',
      email: 'alice@example.com',
      name: 'Alice Liddell',
      groups: ['g1', 'engineering'],
      sessionId: 's-alice',
      tokenId: 't-1',
      issuer: HOST,
      audience: [HOST],
      issuedAt: NOW,
      expiresAt: NOW + 300,
    });
    assert.equal(claims['department'], 'R&D');
    assert.equal(claims['sub'], 'u-alice');
  });

  test('empty strings and absent claims are undefined; groups null and absent are no groups', async () => {
    const empty = { email: '', name: '', sid: '', jti: '', groups: null, user: '' };
    const identity = await makeRig(key).verify(await sign(key, empty));
    assert.isUndefined(identity.email);
    assert.isUndefined(identity.name);
    assert.isUndefined(identity.sessionId);
    assert.isUndefined(identity.tokenId);
    assert.equal(identity.user, 'u-alice');
    assert.deepEqual(identity.groups, []);
  });

  test('nobody has no subject', async () => {
    const identity = await makeRig(key, { allowAnonymous: true }).verify(await sign(key, { sub: '', user: '' }));
    assert.isUndefined(identity.subject);
    assert.isUndefined(identity.user);
  });

  test('is frozen, down to the claims', async () => {
    const identity = await makeRig(key).verify(await sign(key, { aud: [HOST, 'b'], nested: { list: [{ a: 1 }] } }));
    const nested = identity.claims['nested'] as { list: [{ a: number }] };
    for (const part of [
      identity,
      identity.groups,
      identity.audience,
      identity.claims,
      nested,
      nested.list,
      nested.list[0],
    ]) {
      assert.isTrue(Object.isFrozen(part));
    }
  });

  test('names beyond Latin-1 come as they were signed', async () => {
    const name = 'Zoë \u2028 <b>&amp;</b> 李小龍 🦊';
    assert.equal((await makeRig(key).verify(await sign(key, { name }))).name, name);
  });
});
