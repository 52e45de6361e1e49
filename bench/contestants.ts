import { createVerifier, staticKeys } from 'pomerium-edge';
import { toDer } from '../test/support/der.ts';
import { fromBase64url, HOST, jwks, makeKey, sign, type TestKey } from '../test/support/issuer.ts';
import type { Contestant } from './measure.ts';

/** More tokens than any memo here holds, so that each is new when its turn comes again. */
const TOKENS = 2048;

/** All contestants over the same key and the same tokens, those that this runtime can load, and why others cannot. */
export async function makeContestants(): Promise<{ contestants: Contestant[]; absent: string[] }> {
  const key = await makeKey('ES256');
  // Not at the top of the module: there workerd's clock stands at zero.
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now, exp: now + 3600 };
  const tokens = await Promise.all(Array.from({ length: TOKENS }, () => sign(key, times)));
  const tokenAt = (index: number) => tokens[index % TOKENS] ?? '';
  const contestants: Contestant[] = [];
  const absent: string[] = [];
  for (const [name, prepare] of Object.entries(PREPARE)) {
    try {
      const verify = await prepare(key, tokenAt, tokens);
      await verify(0);
      contestants.push({ name, verify });
    } catch (error) {
      absent.push(`${name}: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
    }
  }
  return { contestants, absent };
}

type Prepare = (key: TestKey, tokenAt: (index: number) => string, tokens: string[]) => Promise<Contestant['verify']>;

const PREPARE: Record<string, Prepare> = {
  'bare node:crypto verify': async (key, _, tokens) => {
    const { createPublicKey, verify } = await import('node:crypto');
    const input = { key: createPublicKey(key.spki), dsaEncoding: 'ieee-p1363' as const };
    const parts = tokens.map(partsOf);
    return (index) => {
      const { data, signature } = parts[index % TOKENS] ?? EMPTY;
      if (!verify('sha256', data, input, signature)) throw new Error('refused');
    };
  },
  'bare node:crypto verify, signature in DER': async (key, _, tokens) => {
    const { createPublicKey, verify } = await import('node:crypto');
    const publicKey = createPublicKey(key.spki);
    const parts = tokens.map(partsOf).map(({ data, signature }) => ({ data, signature: toDer(signature) }));
    return (index) => {
      const { data, signature } = parts[index % TOKENS] ?? EMPTY;
      if (!verify('sha256', data, publicKey, signature)) throw new Error('refused');
    };
  },
  'bare subtle.verify': async (key, _, tokens) => {
    const parameters = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const imported = await crypto.subtle.importKey('jwk', key.publicJwk, parameters, false, ['verify']);
    const parts = tokens.map(partsOf);
    return async (index) => {
      const { data, signature } = parts[index % TOKENS] ?? EMPTY;
      if (!(await crypto.subtle.verify(parameters, imported, signature, data))) throw new Error('refused');
    };
  },
  'pomerium-edge, new token': async (key, tokenAt) => {
    const verifier = createVerifier({ audience: HOST, keys: staticKeys(jwks(key)) });
    return (index) => verifier.verify(tokenAt(index));
  },
  'pomerium-edge, same token': async (key, tokenAt) => {
    const verifier = createVerifier({ audience: HOST, keys: staticKeys(jwks(key)) });
    return () => verifier.verify(tokenAt(0));
  },
  'jose jwtVerify': async (key, tokenAt) => {
    const { createLocalJWKSet, jwtVerify } = await import('jose');
    const keys = createLocalJWKSet(jwks(key) as Parameters<typeof createLocalJWKSet>[0]);
    const options = { algorithms: ['ES256'], audience: HOST, issuer: HOST, clockTolerance: 60 };
    return (index) => jwtVerify(tokenAt(index), keys, options);
  },
  'fast-jwt': async (key, tokenAt) => {
    const { createVerifier: createFastVerifier } = await import('fast-jwt');
    const verify = createFastVerifier({
      key: key.spki,
      algorithms: ['ES256'],
      allowedAud: HOST,
      allowedIss: HOST,
      clockTolerance: 60_000,
    });
    return (index) => verify(tokenAt(index));
  },
  'aws-jwt-verify, sync': async (key, tokenAt) => {
    const { JwtVerifier } = await import('aws-jwt-verify');
    const verifier = JwtVerifier.create({ issuer: HOST, audience: HOST, jwksUri: `https://${HOST}/jwks.json` });
    verifier.cacheJwks(jwks(key) as unknown as Parameters<typeof verifier.cacheJwks>[0]);
    return (index) => verifier.verifySync(tokenAt(index));
  },
  jsonwebtoken: async (key, tokenAt) => {
    // @ts-expect-error It has no types of its own, and one call needs none.
    const { default: jsonwebtoken } = await import('jsonwebtoken');
    const options = { algorithms: ['ES256' as const], audience: HOST, issuer: HOST, clockTolerance: 60 };
    return (index) => jsonwebtoken.verify(tokenAt(index), key.spki, options);
  },
  'hono/jwt': async (key, tokenAt) => {
    const { verify } = await import('hono/jwt');
    const jwk = key.publicJwk as Parameters<typeof verify>[1];
    return (index) => verify(tokenAt(index), jwk, { alg: 'ES256', iss: HOST, aud: HOST });
  },
};

const EMPTY = { data: new Uint8Array(), signature: new Uint8Array() };

function partsOf(token: string): { data: Uint8Array<ArrayBuffer>; signature: Uint8Array<ArrayBuffer> } {
  const dot = token.lastIndexOf('.');
  return { data: new TextEncoder().encode(token.slice(0, dot)), signature: fromBase64url(token.slice(dot + 1)) };
}
