import { assert, describe, test } from 'vitest';
import { joseAccepts, refusalOf, tokenKey } from '../fuzz/tokens.ts';
import { STRICTER } from './stricter-than-jose.ts';

describe('stricter than jose’s jwtVerify with equal options', () => {
  for (const { message, reason, example } of STRICTER) {
    test(reason, async () => {
      const token = await example(tokenKey);
      assert.match((await refusalOf(token))?.message ?? 'accepted', message);
      assert.isTrue(await joseAccepts(token), 'jose refuses it, too: it does not belong on the list');
    });
  }
});
