import { assert, describe, test } from 'vitest';
import type { PublicJwk } from '../../core/signature/algorithms.ts';
import { signatureVerifier } from '../../core/signature/web.ts';
import { makeKey, sign } from '../support/issuer.ts';

const key = await makeKey('ES256');
const token = await sign(key);
const dot = token.lastIndexOf('.');
const [input, signature] = [token.slice(0, dot), token.slice(dot + 1)];

/** What the verifier says where the engine's `crypto.subtle.verify` answers this. */
async function answerWith(engineAnswer: () => Promise<boolean>, text: string): Promise<boolean> {
  const verify = await signatureVerifier(key.publicJwk as PublicJwk);
  const original = crypto.subtle.verify;
  crypto.subtle.verify = engineAnswer;
  try {
    return await verify(text, input);
  } finally {
    crypto.subtle.verify = original;
  }
}

describe('whatever a WebCrypto engine does,', () => {
  test('control: its true is a valid signature', async () => {
    assert.isTrue(await answerWith(async () => true, signature));
  });

  test('a failure is no valid signature', async () => {
    assert.isFalse(await answerWith(() => Promise.reject(new Error('OperationError')), signature));
  });

  for (const [name, text] of [
    ['a byte long', `${signature}AA`],
    ['a byte short', signature.slice(0, -2)],
    ['empty', ''],
  ] as const) {
    test(`it is not asked about a signature that is ${name}`, async () => {
      assert.isFalse(await answerWith(async () => true, text));
    });
  }
});
