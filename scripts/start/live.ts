import { createHmac } from 'node:crypto';
import { HOST, makeKey, sign, type TestKey, toBase64url } from '../../test/support/issuer.ts';
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
    ['around Pomerium, without an assertion', 'missing_assertion', []],
    ['around Pomerium, with claim headers only', 'missing_assertion', [['X-Pomerium-Claim-Email', 'root@evil.test']]],
    ['an empty assertion', 'missing_assertion', [[ASSERTION, '']]],
    [
      'two assertions',
      'duplicate_assertion',
      [
        [ASSERTION, good],
        [ASSERTION, good],
      ],
    ],
    ['rubbish', 'malformed_assertion', [[ASSERTION, 'rubbish']]],
    ['expired', 'expired', [[ASSERTION, await signed({ iat: now - 600, exp: now - 300 })]]],
    ['issued in the future', 'not_yet_valid', [[ASSERTION, await signed({ iat: now + 600, exp: now + 900 })]]],
    ['for another route', 'audience_mismatch', [[ASSERTION, await signed({ aud: 'other.corp.example.com' })]]],
    ['from another issuer', 'issuer_mismatch', [[ASSERTION, await signed({ iss: 'evil.test' })]]],
    ['nobody signed in', 'anonymous', [[ASSERTION, await signed({ sub: '', user: '' })]]],
    ['claims altered after signing', 'invalid_signature', [[ASSERTION, alter(good)]]],
    ['signed by a stranger', 'unknown_key', [[ASSERTION, await sign(await makeKey(), times)]]],
    ['alg: none', 'unsupported_algorithm', [[ASSERTION, await sign(key, times, { alg: 'none' })]]],
    ['HS256 with the public key as secret', 'unsupported_algorithm', [[ASSERTION, hmac(good, key)]]],
  ];
  const policyRows: typeof rows = [
    ['policy: example.com may GET', 'valid', [[ASSERTION, good]]],
    ['policy: another domain may not', 'policy_denied', [[ASSERTION, await signed({ email: 'bob@other.test' })]]],
    [
      'policy: contractors may not, whatever their domain',
      'policy_denied',
      [[ASSERTION, await signed({ groups: ['contractors'] })]],
    ],
  ];
  return [
    ...rows.map(([name, expect, headers]) => ({ name, expect, headers, guard: { audience: HOST } })),
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

function alter(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return [header, toBase64url(JSON.stringify({ ...claims, sub: 'u-root' })), signature].join('.');
}

function hmac(token: string, key: TestKey): string {
  const input = `${toBase64url(JSON.stringify({ alg: 'HS256', kid: key.kid }))}.${token.split('.')[1]}`;
  return `${input}.${createHmac('sha256', key.spki).update(input).digest('base64url')}`;
}
