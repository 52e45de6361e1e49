import { compilePolicy, createVerifier, staticKeys } from 'pomerium-edge';
import { HOST, jwks, makeKey, sign } from '../test/support/issuer.ts';
import type { Contestant } from './measure.ts';

/** Policies that are decided only by their last criterion, so that all are looked at. */
export async function makePolicyContestants(): Promise<Contestant[]> {
  const key = await makeKey();
  const now = Math.floor(Date.now() / 1000);
  const verifier = createVerifier({ audience: HOST, keys: staticKeys(jwks(key)) });
  const identity = await verifier.verify(await sign(key, { iat: now, exp: now + 3600, roles: 'reader,writer,owner' }));
  const input = { identity, method: 'GET', path: '/api/v1/items', headers: {} };
  return [50, 5].map((count) => {
    const policy = compilePolicy({ allow: { or: criteria(count) } }, { listClaims: ['roles'] });
    return {
      name: `policy of ${count} criteria`,
      verify: () => {
        if (!policy.decide(input).allowed) throw new Error('refused');
      },
    };
  });
}

function criteria(count: number): object[] {
  const kinds = [
    (i: number) => ({ email: `user${i}@example.com` }),
    (i: number) => ({ domain: `d${i}.example.com` }),
    (i: number) => ({ groups: `group-${i}` }),
    (i: number) => ({ 'claim/roles': { has: `role-${i}` } }),
    (i: number) => ({ http_path: { starts_with: `/admin/${i}` } }),
  ];
  return [...Array.from({ length: count - 1 }, (_, i) => kinds[i % kinds.length]?.(i) ?? {}), { user: 'u-alice' }];
}
