import { HOST, sign, type TestKey, userClaims } from '../../test/support/issuer.ts';
import { badRequests } from '../../testing/bad-assertions.ts';
import type { Scenario } from './scenario.ts';

const ASSERTION = 'X-Pomerium-Jwt-Assertion';

/** Requests with assertions that the stand-in signs now, and what an attacker would send. */
export async function liveScenarios(key: TestKey): Promise<Scenario[]> {
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now, exp: now + 300 };
  const good = await sign(key, times);
  const signed = (claims: Record<string, unknown>) => sign(key, { ...times, ...claims });
  const rows: [string, string, [string, string][]][] = [
    ['signed in, through Pomerium', 'valid', [[ASSERTION, good]]],
    [
      'signed in, with forged claim headers',
      'valid',
      [
        [ASSERTION, good],
        ['X-Pomerium-Claim-Email', 'root@evil.test'],
        ['X_Pomerium_Claim_Groups', 'admins'],
        ['X-Pomerium-Jwt-Assertion-For', 'junk.a.b'],
      ],
    ],
  ];
  const bad = await badRequests({ key, host: HOST, claims: userClaims(times), now });
  const badRows: typeof rows = bad.map(({ name, codes, headers }) => [
    name,
    codes.join('|'),
    headers.map(([header, value]) => [header, value]),
  ]);
  const policyRows: typeof rows = [
    ['policy: example.com may GET', 'valid', [[ASSERTION, good]]],
    ['policy: another domain may not', 'policy_denied', [[ASSERTION, await signed({ email: 'bob@other.test' })]]],
    ['policy: contractors may not', 'policy_denied', [[ASSERTION, await signed({ groups: ['contractors'] })]]],
  ];
  return [
    ...[...rows, ...badRows].map(([name, expect, headers]) => ({ name, expect, headers, guard: { audience: HOST } })),
    ...policyRows.map(([name, expect, headers]) => ({
      name,
      expect,
      headers,
      guard: { audience: HOST, policy: POLICY },
    })),
  ];
}

const POLICY = {
  allow: { and: [{ domain: 'example.com' }, { http_method: 'GET' }] },
  deny: { or: [{ groups: 'contractors' }] },
};
