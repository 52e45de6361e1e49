import { assert, describe, test } from 'vitest';

import { isPomeriumHeader, readAssertion, readHeader } from '../../core/adapter.ts';
import {
  cleanHeaders,
  compilePolicy,
  type HeadersLike,
  PomeriumError,
  type PomeriumErrorCode,
  problemResponse,
} from '../../core/index.ts';

import { costOf } from '../support/cost.ts';
import { makeKey, sign } from '../support/issuer.ts';
import { codeOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();
const token = await sign(key);
const NAME = 'x-pomerium-jwt-assertion';

describe('verifyRequest reads the assertion', () => {
  const cases: [string, HeadersLike, string][] = [
    ['from Headers', new Headers({ [NAME]: token }), 'valid'],
    ['from an object', { [NAME]: token }, 'valid'],
    ['in any case', { 'X-Pomerium-JWT-Assertion': token }, 'valid'],
    ['from a list of one', { [NAME]: [token] }, 'valid'],
    ['from pairs', [[NAME, token]], 'valid'],
    ['from a Map', new Map([[NAME, token]]), 'valid'],
    ['with white space around it', { [NAME]: ` \t${token} ` }, 'valid'],
    ['when there is none', {}, 'missing_assertion'],
    ['when it is undefined', { [NAME]: undefined }, 'missing_assertion'],
    ['when the list is empty', { [NAME]: [] }, 'missing_assertion'],
    ['when it is empty', new Headers({ [NAME]: '' }), 'missing_assertion'],
    ['when it is blank', { [NAME]: '  ' }, 'missing_assertion'],
    ['never from the underscore form', { x_pomerium_jwt_assertion: token }, 'missing_assertion'],
    ['never from -for', { [`${NAME}-for`]: token }, 'missing_assertion'],
    ['never from Authorization', { authorization: `Bearer ${token}` }, 'missing_assertion'],
    ['never from a cookie', { cookie: `${NAME}=${token}` }, 'missing_assertion'],
  ];
  for (const [name, headers, code] of cases) {
    test(`${name} → ${code}`, async () => {
      assert.equal(await codeOf(() => makeRig(key).verifier.verifyRequest({ headers })), code as never);
    });
  }

  test('in linear time: four times the white space is not sixteen times the work', async () => {
    const cost = (spaces: number) => {
      const headers = { [NAME]: `a${' '.repeat(spaces)}a` };
      return costOf(() => readAssertion(headers));
    };
    cost(25_000);
    // A clock that stands still or is coarse shows too little work, never too much.
    assert.isBelow(cost(100_000), 9 * Math.max(cost(25_000), 0.1));
  });

  test('a policy never sees a platform’s own context: what is not named is not read', async () => {
    const policy = compilePolicy({ allow: { and: [{ http_method: 'GET' }] } });
    const rig = makeRig(key, { policy });
    // Cloudflare Pages hands its functions a context with a Request of this name.
    const context = { request: new Request('https://edge.example/', { method: 'POST' }), waitUntil: () => {} };
    const request = { method: 'GET', url: '/', headers: { [NAME]: token } };
    assert.equal(await codeOf(() => rig.verifier.verifyRequest(request, context)), 'valid');
  });

  test('from a Request', async () => {
    const request = new Request('https://edge.example/', { headers: { [NAME]: token } });
    assert.equal((await makeRig(key).verifier.verifyRequest(request)).subject, 'u-alice');
  });
});

describe('a header is read', () => {
  const cases: [name: string, headers: HeadersLike, value: string | undefined][] = [
    ['from Headers', new Headers({ Host: 'a' }), 'a'],
    ['from Headers that have none', new Headers({ 'x-host': 'a' }), undefined],
    ['from an object', { 'x-host': 'b', Host: 'a' }, 'a'],
    [
      'where it came twice, with a comma',
      new Map([
        ['Host', 'a'],
        ['HOST', 'b'],
      ]),
      'a,b',
    ],
    ['from a list, each without the white space around it', { host: [' a\t', '\tb c '] }, 'a,b c'],
    ['from a list of none as one that did not come', { host: [] }, undefined],
    ['from an object that has none', { host: undefined }, undefined],
    ['where it is empty', { host: '' }, ''],
    ['where it is white space alone', { host: ' \t ' }, ''],
    ['where a platform gives a number', { host: 7 } as unknown as HeadersLike, '7'],
  ];
  for (const [name, headers, value] of cases) test(name, () => assert.equal(readHeader(headers, 'host'), value));
});

describe('threat: repeated headers (CVE-2026-54289)', () => {
  const appended = new Headers([[NAME, token]]);
  appended.append(NAME, token);
  const cases: [string, HeadersLike][] = [
    ['Headers with two', appended],
    ['a list of two', { [NAME]: [token, token] }],
    ['two spellings of the name', { [NAME]: token, 'X-Pomerium-Jwt-Assertion': token }],
    [
      'two pairs',
      [
        [NAME, token],
        ['X-POMERIUM-JWT-ASSERTION', token],
      ],
    ],
    [
      'one and an empty one',
      [
        [NAME, token],
        [NAME, ''],
      ],
    ],
    [
      'two empty ones',
      [
        [NAME, ''],
        [NAME, ''],
      ],
    ],
    ['joined with a comma', { [NAME]: `${token}, ${token}` }],
  ];
  for (const [name, headers] of cases) {
    test(`${name} → duplicate_assertion`, async () => {
      assert.equal(await codeOf(() => makeRig(key).verifier.verifyRequest({ headers })), 'duplicate_assertion');
    });
  }
});

describe('threat: header spelling and unsigned identity headers', () => {
  const removed = [
    'x-pomerium-jwt-assertion',
    'X-Pomerium-JWT-Assertion',
    'x-pomerium-jwt-assertion-for',
    'x_pomerium_jwt_assertion',
    'x-pomerium_jwt-assertion',
    'x.pomerium.jwt.assertion',
    'X-Pomerium-Claim-Email',
    'x_pomerium_claim_email',
    'x-pomerium-claim_groups',
    'x-pomerium-claim-',
    'x~pomerium~claim~user',
    'x-pomerium-claim-anything-else',
    'x-pomerium-authenticated-user-email',
    'X_POMERIUM_AUTHENTICATED_USER_ID',
  ];
  const kept = ['authorization', 'cookie', 'x-forwarded-for', 'pomerium-x', 'x-pomeriumish', 'x-request-id'];

  for (const name of removed) {
    test(`cleanHeaders removes ${name}`, () => {
      assert.isFalse(cleanHeaders(new Headers({ [name]: 'x', other: '1' })).has(name));
    });
  }
  for (const name of kept) {
    test(`cleanHeaders keeps ${name}`, () => {
      assert.equal(cleanHeaders(new Headers({ [name]: 'x' })).get(name), 'x');
    });
  }

  test('adapters tell the same names apart', () => {
    for (const name of removed) assert.isTrue(isPomeriumHeader(name), name);
    for (const name of kept) assert.isFalse(isPomeriumHeader(name), name);
  });

  test('cleanHeaders removes names of jwt_claims_headers when told', () => {
    const cleaned = cleanHeaders(new Headers({ 'X-Email': '1', x_email: '2', 'x-other': '3' }), ['X-Email']);
    assert.deepEqual([...cleaned.keys()], ['x-other']);
  });

  test('cleanHeaders leaves the original as it was', () => {
    const headers = new Headers({ [NAME]: token });
    cleanHeaders(headers);
    assert.equal(headers.get(NAME), token);
  });
});

describe('problemResponse', () => {
  test('says of a missing assertion no more than that: its route may not pass it on', async () => {
    const response = problemResponse(new PomeriumError('missing_assertion', 'details for the operator'));
    assert.equal((await response.json()).detail, 'The request carries no Pomerium assertion.');
  });

  const secret = { expected: 'app.secret.example.com', received: 'token-value' };

  test('a 401 is a problem with a challenge, not cached, that gives nothing away', async () => {
    const response = problemResponse(new PomeriumError('audience_mismatch', 'details for the operator', secret));
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('www-authenticate'), 'Pomerium error="audience_mismatch"');
    assert.deepEqual(await response.json(), {
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'audience_mismatch',
      detail: 'The Pomerium assertion is for another service.',
    });
  });

  test('a 503 says when to come back', async () => {
    const response = problemResponse(new PomeriumError('keys_unavailable', 'x', { retryAfter: 7 }));
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('retry-after'), '7');
    assert.isNull(response.headers.get('www-authenticate'));
    assert.equal(problemResponse(new PomeriumError('keys_unavailable', 'x')).headers.get('retry-after'), '1');
  });

  test('a 403 has no challenge, and no time to come back', () => {
    const response = problemResponse(new PomeriumError('policy_denied', 'x', { retryAfter: 7 }));
    assert.equal(response.status, 403);
    assert.isNull(response.headers.get('www-authenticate'));
    assert.isNull(response.headers.get('retry-after'));
  });

  test('each code has the name of its status, and a sentence of its own', async () => {
    const titles: Record<PomeriumErrorCode, string> = {
      missing_assertion: 'Unauthorized',
      duplicate_assertion: 'Unauthorized',
      malformed_assertion: 'Unauthorized',
      unsupported_algorithm: 'Unauthorized',
      unknown_key: 'Unauthorized',
      invalid_signature: 'Unauthorized',
      invalid_claims: 'Unauthorized',
      expired: 'Unauthorized',
      not_yet_valid: 'Unauthorized',
      issuer_mismatch: 'Unauthorized',
      audience_mismatch: 'Unauthorized',
      anonymous: 'Unauthorized',
      policy_denied: 'Forbidden',
      keys_unavailable: 'Service Unavailable',
      invalid_configuration: 'Internal Server Error',
    };
    const details = new Set<string>();
    for (const [code, title] of Object.entries(titles)) {
      const response = problemResponse(
        new PomeriumError(code as PomeriumErrorCode, 'details for the operator', secret),
      );
      const problem = await response.json();
      assert.include(problem, { code, title });
      assert.match(problem.detail, /^[A-Z].{15,}\.$/, code);
      details.add(problem.detail);
    }
    assert.equal(details.size, Object.keys(titles).length);
  });

  test('a HEAD request gets no body', async () => {
    const response = problemResponse(new PomeriumError('expired', 'x'), { method: 'HEAD' });
    assert.equal(response.status, 401);
    assert.equal(await response.text(), '');
  });

  test('an unexpected error is a 500 that says nothing of it', async () => {
    for (const error of [new TypeError('secret internals'), { code: 'expired', status: 401 }, 'secret', undefined]) {
      const response = problemResponse(error);
      assert.equal(response.status, 500);
      assert.deepEqual(await response.json(), {
        type: 'about:blank',
        title: 'Internal Server Error',
        status: 500,
        code: 'invalid_configuration',
        detail: 'The service is not configured to verify requests.',
      });
    }
  });
});
