import { createPrivateKey, sign as signBytes } from 'node:crypto';
import { compilePolicy, createVerifier, PomeriumError, remoteKeys } from 'pomerium-edge';
import { HOST, jwks, makeKey, NOW, type TestKey, userClaims } from './issuer.ts';

/** What is held at the end of an hour, after a garbage collection. In bytes; the counts are since midnight. */
export interface Sample {
  readonly verified: number;
  readonly refused: number;
  readonly heap: number;
  readonly rss: number;
}

export interface DayOptions {
  /** In the whole day; a multiple of 192. */
  readonly verifications: number;
  readonly collectGarbage: () => void;
  /** Gets each identity. */
  readonly onIdentity?: (identity: unknown) => void;
}

/** What is held at the end of the day, and was not around noon. In bytes. */
export function growthOf(samples: readonly Sample[]): number {
  const third = Math.floor(samples.length / 3);
  const least = (some: readonly Sample[]) => Math.min(...some.map(({ heap }) => heap));
  return least(samples.slice(-third)) - least(samples.slice(third, 2 * third));
}

const HOURS = 24;
/** Seconds. */
const HOUR = 3_600;
/** Hours. */
const ROTATION = 6;
/** Different assertions in an hour, each of somebody else: many times what the verifier remembers. */
const MAX_ASSERTIONS = 20_000;
/** What is sent at once. */
const BATCH = 8;

/**
 * A day of one process: half a million people in groups of their own, a key that is rotated each six hours, and of a hundred
 * assertions three that are refused (a made-up key id, an altered signature, an expired one).
 */
export async function* day({ verifications, collectGarbage, onIdentity }: DayOptions): AsyncGenerator<Sample> {
  const keys = await Promise.all(Array.from({ length: HOURS / ROTATION + 1 }, () => makeKey()));
  const signers = keys.map(makeSigner);
  let time = 0;
  const published = () => keys.slice(Math.floor(time / HOUR / ROTATION)).slice(0, 2);
  const verifier = createVerifier({
    audience: HOST,
    keys: remoteKeys(`https://${HOST}/.well-known/pomerium/jwks.json`, {
      fetch: async () => Response.json(jwks(...published()), { headers: { 'cache-control': 'max-age=300' } }),
    }),
    policy: compilePolicy({ allow: { or: [{ domain: 'example.com' }, { groups: 'group-7' }] } }),
    now: () => NOW + time,
    onEvent: () => {},
  });

  let verified = 0;
  let refused = 0;
  const send = async (assertion: string) => {
    try {
      const identity = await verifier.verify(assertion);
      verified += 1;
      onIdentity?.(identity);
    } catch (error) {
      if (!(error instanceof PomeriumError)) throw error;
      refused += 1;
    }
  };
  const perHour = verifications / HOURS;
  for (let hour = 0; hour < HOURS; hour++) {
    const sign = signers[Math.floor(hour / ROTATION)];
    if (!sign) throw new Error('no key for this hour');
    const assertions = Array.from({ length: Math.min(perHour, MAX_ASSERTIONS) }, (_, i) => assertionOf(sign, hour, i));
    for (let i = 0; i < perHour; i += BATCH) {
      time = (hour + i / perHour) * HOUR;
      await Promise.all(Array.from({ length: BATCH }, (_, j) => send(assertions[(i + j) % assertions.length] ?? '')));
    }
    assertions.length = 0;
    collectGarbage();
    const { heapUsed: heap, rss } = process.memoryUsage();
    yield { verified, refused, heap, rss };
  }
}

function assertionOf(sign: Signer, hour: number, index: number): string {
  const kind = index % 100;
  const user = hour * MAX_ASSERTIONS + index;
  const iat = NOW + hour * HOUR - (kind === 3 ? 2 * HOUR : 0);
  const claims = userClaims({
    sub: `u-${user}`,
    user: `u-${user}`,
    email: `user-${user}@example.com`,
    groups: Array.from({ length: user % 30 }, (_, i) => `group-${(user + i) % 1_000}`),
    iat,
    exp: iat + HOUR,
  });
  // Ten different ones in an hour: for more than 13 in a minute the origin is not asked, and they wait.
  const madeUp = `made-up-${hour}-${Math.floor((index * 10) / MAX_ASSERTIONS)}`;
  const assertion = sign(claims, kind === 1 ? madeUp : undefined);
  return kind === 2 ? `${assertion.slice(0, -8)}AAAAAAAA` : assertion;
}

type Signer = (claims: object, keyId?: string) => string;

/** What jose would write, in a fifth of its time. */
function makeSigner({ privateJwk, kid: own }: TestKey): Signer {
  const key = createPrivateKey({ key: privateJwk, format: 'jwk' });
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return (claims, kid = own) => {
    const input = `${encode({ alg: 'ES256', kid, typ: 'JWT' })}.${encode(claims)}`;
    const signature = signBytes('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  };
}
