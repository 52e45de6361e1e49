import { assert, describe, test, vi } from 'vitest';
import type { PublicJwk } from '../../core/signature/algorithms.ts';
import { signatureVerifier } from '../../core/signature/web.ts';
import { makeKey, sign, toBase64url } from '../support/issuer.ts';

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

describe('an engine that fails with long RSA keys as soon as it checks, as Deno does,', () => {
  const rsaOf = (bytes: number): PublicJwk => ({
    kty: 'RSA',
    n: toBase64url(new Uint8Array(bytes).fill(0xff)),
    e: 'AQAB',
  });

  async function importWith(engineAnswer: () => Promise<boolean>, jwk: PublicJwk): Promise<string> {
    const engine = vi.spyOn(crypto.subtle, 'verify').mockImplementation(engineAnswer);
    try {
      const verify = await Promise.resolve(signatureVerifier(jwk)).catch(() => undefined);
      return `${verify ? 'taken' : 'refused'} after ${engine.mock.calls.length}`;
    } finally {
      engine.mockRestore();
    }
  }
  const fails = () => Promise.reject(new Error('malformed'));

  test('gets none of them', async () => {
    assert.equal(await importWith(fails, rsaOf(513)), 'refused after 1');
    assert.equal(await importWith(fails, rsaOf(1024)), 'refused after 1');
  });

  test('gets those of up to 4096 bits, and is not asked', async () => {
    assert.equal(await importWith(fails, rsaOf(512)), 'taken after 0');
  });

  test('control: one that can check gets them all', async () => {
    assert.equal(await importWith(async () => false, rsaOf(1024)), 'taken after 1');
  });
});
