import { assert, describe, test } from 'vitest';
import { toClientIdentity } from '../../../adapters/react/index.ts';
import { createVerifier, type Identity, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';

const key = await makeKey();
const verifier = createVerifier({ audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW });
const identityOf = async (claims: object): Promise<Identity> => verifier.verify(await sign(key, { ...claims }));

describe('toClientIdentity', () => {
  test('keeps what a page shows, and no group, session, token or other claim', async () => {
    const identity = await identityOf({ groups: ['admins'], sid: 's-1', jti: 't-1', department: 'secret' });
    assert.deepEqual(toClientIdentity(identity), {
      user: 'u-alice',
      email: 'alice@example.com',
      ...(identity.name && { name: identity.name }),
    });
  });

  test('leaves out what Pomerium does not know', async () => {
    assert.deepEqual(toClientIdentity(await identityOf({ email: '', name: '' })), { user: 'u-alice' });
  });

  test('is undefined for nobody', () => assert.isUndefined(toClientIdentity(undefined)));

  const pictures: [claim: unknown, picture: string | undefined][] = [
    ['https://pictures.example/alice.png', 'https://pictures.example/alice.png'],
    ['http://pictures.example/alice.png', undefined],
    ['javascript:alert(1)', undefined],
    ['data:text/html,<script>', undefined],
    ['/alice.png', undefined],
    ['', undefined],
    [1, undefined],
    [['https://pictures.example/alice.png'], undefined],
  ];
  for (const [claim, picture] of pictures) {
    test(`has ${picture ?? 'no picture'} for ${JSON.stringify(claim)}`, async () => {
      assert.equal(toClientIdentity(await identityOf({ picture: claim })).picture, picture);
    });
  }
});
