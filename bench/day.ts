import { createPrivateKey, sign as signBytes } from 'node:crypto';
import { compilePolicy, createVerifier, PomeriumError, remoteKeys } from 'pomerium-edge';
import { HOST, jwks, makeKey, NOW, type TestKey, userClaims } from '../test/support/issuer.ts';

/** What is held at one moment of the day, after a garbage collection. In bytes; `refused` counts since midnight. */
export interface Sample {
  readonly verified: number;
  readonly refused: number;
  readonly heap: number;
  readonly rss: number;
}

export interface DayOptions {
  /** Assertions in the whole day, each one new. */
  readonly verifications: number;
  readonly collectGarbage: () => void;
  /** Gets each identity. */
  readonly onIdentity?: (identity: unknown) => void;
}

/** What is held at the end of the day, and was not at noon. In bytes. */
export function growthOf(samples: readonly Sample[]): number {
  const third = Math.floor(samples.length / 3);
  const least = (some: readonly Sample[]) => Math.min(...some.map(({ heap }) => heap));
  return least(samples.slice(-third)) - least(samples.slice(third, 2 * third));
}

const DAY = 86_400;
const SAMPLES = 24;
const USERS = 100_000;
/** Seconds. */
const ROTATION = 6 * 3_600;
/** What is sent at once. */
const BATCH = 8;

/**
 * A day of one process: 100,000 people in groups of their own, a key that is rotated each six hours, and of a hundred
 * assertions three that are refused (made-up key ids, altered signatures, expired).
 */
export async function* day({ verifications, collectGarbage, onIdentity }: DayOptions): AsyncGenerator<Sample> {
  const keys = await Promise.all(Array.from({ length: DAY / ROTATION + 1 }, () => makeKey()));
  const signers = keys.map(makeSigner);
  let time = 0;
  const turn = () => Math.floor(time / ROTATION);
  const verifier = createVerifier({
    audience: HOST,
    keys: remoteKeys(`https://${HOST}/.well-known/pomerium/jwks.json`, {
      fetch: async () =>
        Response.json(jwks(...keys.slice(turn(), turn() + 2)), { headers: { 'cache-control': 'max-age=300' } }),
    }),
    policy: compilePolicy({ allow: { or: [{ domain: 'example.com' }, { groups: 'group-7' }] } }),
    now: () => NOW + time,
    onEvent: () => {},
  });

  let sent = 0;
  let refused = 0;
  const send = async () => {
    const index = sent++;
    time = (index / verifications) * DAY;
    const kind = index % 100;
    const issuedAt = NOW + Math.floor(time) - (kind === 3 ? 1_000 : 0);
    const token = signers[turn()]?.(claimsOf(index % USERS, issuedAt), kind === 1 ? `made-up-${index}` : undefined);
    const assertion = kind === 2 ? `${token?.slice(0, -8)}AAAAAAAA` : token;
    try {
      const identity = await verifier.verify(assertion);
      onIdentity?.(identity);
    } catch (error) {
      if (!(error instanceof PomeriumError)) throw error;
      refused += 1;
    }
  };
  for (let sample = 0; sample <= SAMPLES; sample++) {
    while (sent < (verifications * sample) / SAMPLES) await Promise.all(Array.from({ length: BATCH }, send));
    collectGarbage();
    const { heapUsed: heap, rss } = process.memoryUsage();
    yield { verified: sent - refused, refused, heap, rss };
  }
}

function claimsOf(user: number, iat: number): Record<string, unknown> {
  const groups = Array.from({ length: user % 30 }, (_, i) => `group-${(user + i) % 1_000}`);
  return userClaims({
    sub: `u-${user}`,
    user: `u-${user}`,
    email: `user-${user}@example.com`,
    groups,
    iat,
    exp: iat + 300,
  });
}

type Signer = (claims: object, keyId?: string) => string;

/** What jose would write, in a fifth of its time: half of the day would be signing. */
function makeSigner({ privateJwk, kid: own }: TestKey): Signer {
  const key = createPrivateKey({ key: privateJwk, format: 'jwk' });
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return (claims, kid = own) => {
    const input = `${encode({ alg: 'ES256', kid, typ: 'JWT' })}.${encode(claims)}`;
    const signature = signBytes('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  };
}
