import { importJWK, importSPKI } from 'jose';
import { assert, describe, test } from 'vitest';
import { readJwk } from '../../core/keys/material/jwk.ts';
import { fromBase64url, makeKey, sign, toBase64url } from '../support/issuer.ts';
import { OTHER_SPKI } from '../support/seed.ts';
import { makeRig } from '../support/verifying.ts';

/*
 * Why the rules on a key's numbers are ours, though jose imports keys: an engine under jose takes these keys. Each row
 * names one that does, and the test on that runtime is a control: when it fails there, the rule may go.
 */
const runtime =
  'Deno' in globalThis ? 'deno' : globalThis.navigator?.userAgent === 'Cloudflare-Workers' ? 'workerd' : '';

const ec = (await makeKey('ES256')).publicJwk as { x: string; y: string };
const rsa = (await makeKey('RS256')).publicJwk as { n: string };
const zeroBefore = (value: string) => toBase64url(new Uint8Array([0, ...fromBase64url(value)]));

const EC = { kty: 'EC', crv: 'P-256', x: ec.x, y: ec.y };
const RSA = { kty: 'RSA', n: rsa.n, e: 'AQAB' };

describe('an engine takes what we refuse', () => {
  const rows: [string, 'ES256' | 'RS256', Record<string, string>, 'deno' | undefined][] = [
    ['a point that is not on P-256', 'ES256', { ...EC, y: EC.x }, 'deno'],
    ['the point (0, 0)', 'ES256', { ...EC, x: 'A'.repeat(43), y: 'A'.repeat(43) }, 'deno'],
    ['a coordinate of three bytes', 'ES256', { ...EC, x: 'AAAA' }, 'deno'],
    ['a coordinate with a zero before it: another thumbprint', 'ES256', { ...EC, x: zeroBefore(EC.x) }, undefined],
    ['a modulus with a zero before it: another thumbprint', 'RS256', { ...RSA, n: zeroBefore(RSA.n) }, undefined],
    ['RSA of 1024 bits', 'RS256', { ...RSA, n: toBase64url(new Uint8Array(128).fill(0xff)) }, undefined],
  ];
  for (const [name, algorithm, jwk, engine] of rows) {
    test(`${name} is refused on every runtime`, () => {
      assert.isDefined(readJwk(jwk).skipped);
    });
    if (engine !== undefined && engine !== runtime) continue;
    test(`control: jose imports ${name}`, async () => {
      await importJWK(jwk, algorithm);
    });
  }

  // BoringSSL refuses these, so workerd is no witness.
  for (const [name, e] of [
    ['an exponent of 1, with which everybody can sign', 'AQ'],
    ['an even exponent', 'BA'],
    ['an exponent of six bytes', 'AQAAAAAB'],
  ] as const) {
    test(`${name} is refused on every runtime`, () => {
      assert.equal(readJwk({ ...RSA, e }).skipped?.reason, 'weak_key');
    });
    if (runtime === 'workerd') continue;
    test(`control: jose imports ${name}`, async () => {
      await importJWK({ ...RSA, e }, 'RS256');
    });
  }

  if (runtime === 'workerd') {
    test('control: jose imports an X25519 key as Ed25519', async () => {
      await importSPKI(OTHER_SPKI.x25519, 'EdDSA');
    });
  }
});

// Node.js and Bun: of the others only workerd and Deno have a `process`, too.
const hasNodeEngine = runtime === '' && typeof globalThis.process?.versions?.node === 'string';

test(`signatures are checked by ${hasNodeEngine ? 'node:crypto' : 'WebCrypto'} on this runtime`, async () => {
  const key = await makeKey('ES256');
  const { subtle } = crypto;
  const { verify } = subtle;
  let calls = 0;
  subtle.verify = (...input) => {
    calls += 1;
    return verify.apply(subtle, input);
  };
  try {
    assert.equal(await makeRig(key).codeOf(await sign(key)), 'valid');
  } finally {
    subtle.verify = verify;
  }
  assert.equal(calls, hasNodeEngine ? 0 : 1);
});
