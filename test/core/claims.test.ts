import { assert, describe, test } from 'vitest';
import type { VerifierOptions } from '../../core/index.ts';
import { HOST, makeKey, NOW, sign, signText, userClaims } from '../support/issuer.ts';
import { codeOf, errorOf, makeRig } from '../support/verifying.ts';

const key = await makeKey();

function verdicts(
  title: string,
  options: Partial<VerifierOptions>,
  cases: [string, Record<string, unknown>, string][],
): void {
  describe(title, () => {
    for (const [name, claims, code] of cases) {
      test(`${name} → ${code}`, async () => {
        assert.equal(await makeRig(key, options).codeOf(await sign(key, claims)), code as never);
      });
    }
  });
}

verdicts('times, with 60 seconds of tolerance', {}, [
  ['exp 59 s ago', { exp: NOW - 59 }, 'valid'],
  ['exp 60 s ago', { exp: NOW - 60 }, 'expired'],
  ['exp a fraction later', { exp: NOW - 59.999 }, 'valid'],
  ['iat 60 s ahead', { iat: NOW + 60 }, 'valid'],
  ['iat 61 s ahead', { iat: NOW + 61 }, 'not_yet_valid'],
  ['iat long ago', { iat: NOW - 1e6 }, 'valid'],
  ['iat zero', { iat: 0 }, 'valid'],
  ['nbf 60 s ahead', { nbf: NOW + 60 }, 'valid'],
  ['nbf 61 s ahead', { nbf: NOW + 61 }, 'not_yet_valid'],
  ['exp negative', { exp: -1 }, 'expired'],
  ['exp in milliseconds', { exp: (NOW + 300) * 1000 }, 'valid'],
  ['iat in milliseconds', { iat: NOW * 1000 }, 'not_yet_valid'],
]);

verdicts('times that are no finite numbers', {}, [
  ...['exp', 'iat'].map((name): [string, Record<string, unknown>, string] => [
    `no ${name}`,
    { [name]: undefined },
    'invalid_claims',
  ]),
  ...['exp', 'iat', 'nbf'].flatMap((name) =>
    [String(NOW + 300), null, true, [NOW + 300], {}, ''].map((value): [string, Record<string, unknown>, string] => [
      `${name} ${JSON.stringify(value)}`,
      { [name]: value },
      'invalid_claims',
    ]),
  ),
]);

describe('times that overflow', () => {
  for (const name of ['exp', 'iat', 'nbf']) {
    for (const value of ['1e999', '-1e999']) {
      test(`${name} ${value} → invalid_claims`, async () => {
        const payload = JSON.stringify(userClaims({ [name]: 'VALUE' })).replace('"VALUE"', value);
        const token = await signText(key, JSON.stringify({ alg: 'ES256', kid: key.kid }), payload);
        assert.equal(await makeRig(key).codeOf(token), 'invalid_claims');
      });
    }
  }
});

verdicts('clockTolerance: 0', { clockTolerance: 0 }, [
  ['exp now', { exp: NOW }, 'expired'],
  ['exp in a second', { exp: NOW + 1 }, 'valid'],
  ['iat now', { iat: NOW }, 'valid'],
  ['iat in a second', { iat: NOW + 1 }, 'not_yet_valid'],
]);

verdicts('maxTokenAge: 100, with the tolerance', { maxTokenAge: 100 }, [
  ['iat 160 s ago', { iat: NOW - 160 }, 'valid'],
  ['iat 161 s ago', { iat: NOW - 161 }, 'expired'],
]);

describe('a clock that is no clock accepts nothing', () => {
  for (const now of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined as unknown as number]) {
    test(`now() gives ${now}`, async () => {
      const token = await sign(key, { exp: 9e9, iat: 0, nbf: 0 });
      assert.notEqual(await makeRig(key, { now: () => now }).codeOf(token), 'valid');
      assert.notEqual(await makeRig(key, { now: () => now, maxTokenAge: 9e9 }).codeOf(token), 'valid');
    });
  }
});

verdicts('threat: issuer unchecked or checked loosely', {}, [
  ['the host', { iss: HOST }, 'valid'],
  ['https://host/', { iss: `https://${HOST}/` }, 'valid'],
  ['https://host', { iss: `https://${HOST}` }, 'issuer_mismatch'],
  ['http://host/', { iss: `http://${HOST}/` }, 'issuer_mismatch'],
  ['host/', { iss: `${HOST}/` }, 'issuer_mismatch'],
  ['a prefix', { iss: 'app.corp.example' }, 'issuer_mismatch'],
  ['a longer host', { iss: `${HOST}.evil.test` }, 'issuer_mismatch'],
  ['a subdomain', { iss: `x.${HOST}` }, 'issuer_mismatch'],
  ['a user part', { iss: `https://${HOST}@evil.test/` }, 'issuer_mismatch'],
  ['capitals', { iss: HOST.toUpperCase() }, 'issuer_mismatch'],
  ['a space behind', { iss: `${HOST} ` }, 'issuer_mismatch'],
  ['a port', { iss: `${HOST}:443` }, 'issuer_mismatch'],
  ['empty', { iss: '' }, 'issuer_mismatch'],
  ['missing', { iss: undefined }, 'issuer_mismatch'],
  ['a list (CVE-2025-30144)', { iss: [HOST] }, 'invalid_claims'],
  ['an object', { iss: { toString: HOST } }, 'invalid_claims'],
  ['a number', { iss: 1 }, 'invalid_claims'],
  ['null', { iss: null }, 'invalid_claims'],
]);

verdicts('threat: audience unchecked or checked loosely', {}, [
  ['the host', { aud: HOST }, 'valid'],
  ['a list with the host', { aud: [HOST] }, 'valid'],
  ['a list with others', { aud: ['other', HOST] }, 'valid'],
  ['a list without it', { aud: ['other'] }, 'audience_mismatch'],
  ['an empty list', { aud: [] }, 'audience_mismatch'],
  ['a prefix', { aud: 'app.corp.example' }, 'audience_mismatch'],
  ['a longer host', { aud: `${HOST}.evil.test` }, 'audience_mismatch'],
  ['capitals', { aud: HOST.toUpperCase() }, 'audience_mismatch'],
  ['hosts joined with a comma', { aud: `other,${HOST}` }, 'audience_mismatch'],
  ['hosts joined with a space', { aud: `other ${HOST}` }, 'audience_mismatch'],
  ['https://host/', { aud: `https://${HOST}/` }, 'audience_mismatch'],
  ['empty', { aud: '' }, 'audience_mismatch'],
  ['missing (CVE-2025-62610)', { aud: undefined }, 'audience_mismatch'],
  ['a list with a number', { aud: [HOST, 1] }, 'invalid_claims'],
  ['a list in a list', { aud: [[HOST]] }, 'invalid_claims'],
  ['an object', { aud: { 0: HOST, length: 1 } }, 'invalid_claims'],
  ['a number', { aud: 1 }, 'invalid_claims'],
  ['null', { aud: null }, 'invalid_claims'],
]);

verdicts('several audiences and issuers', { audience: ['a.example.com', 'b.example.com'] }, [
  ['the second, by the second', { aud: 'b.example.com', iss: 'b.example.com' }, 'valid'],
  ['the first, by the first as URI', { aud: 'a.example.com', iss: 'https://a.example.com/' }, 'valid'],
  ['both, by one of them', { aud: ['a.example.com', 'b.example.com'], iss: 'b.example.com' }, 'valid'],
  ['the second, by the first', { aud: 'b.example.com', iss: 'a.example.com' }, 'issuer_mismatch'],
  ['the first, by the second as URI', { aud: 'a.example.com', iss: 'https://b.example.com/' }, 'issuer_mismatch'],
  ['a third', { aud: 'c.example.com', iss: 'a.example.com' }, 'audience_mismatch'],
]);

const several = { audience: ['a.example.com', 'b.example.com'], issuer: ['a.example.com', 'b.example.com'] };
verdicts('several audiences, with issuers of one’s own', several, [
  ['the second, by the first', { aud: 'b.example.com', iss: 'a.example.com' }, 'valid'],
  ['by another', { aud: 'b.example.com', iss: 'https://b.example.com/' }, 'issuer_mismatch'],
]);

describe('of several audiences, the assertion must be for the host that the request was sent to', () => {
  const rows: [name: string, url: string, host: string | undefined, code: string][] = [
    ['that host', 'https://a.example.com/x', undefined, 'valid'],
    ['that host, with a port, in capitals and with a last dot', 'https://A.EXAMPLE.COM.:8443/x', undefined, 'valid'],
    ['the other host', 'https://b.example.com/', undefined, 'audience_mismatch'],
    ['the other host, in capitals', 'https://B.example.com/', undefined, 'audience_mismatch'],
    ['the other host, with a last dot', 'https://b.example.com./', undefined, 'audience_mismatch'],
    ['the other host, with a port', 'https://b.example.com:8443/', undefined, 'audience_mismatch'],
    ['the other host, in the header', '/x', 'b.example.com', 'audience_mismatch'],
    ['the other host, in the header with a port', '/x', 'B.example.com:80', 'audience_mismatch'],
    ['a host that is none of them', 'https://worker.example.workers.dev/', undefined, 'valid'],
    ['a host that is none of them, in the header', '/x', 'internal', 'valid'],
    ['no host', '/x', undefined, 'valid'],
  ];
  for (const [name, url, host, code] of rows) {
    test(`${name} → ${code}`, async () => {
      const rig = makeRig(key, { audience: ['a.example.com', 'b.example.com'] });
      const assertion = await sign(key, { aud: 'a.example.com', iss: 'a.example.com' });
      const headers = { 'x-pomerium-jwt-assertion': assertion, ...(host && { host }) };
      assert.equal(await codeOf(() => rig.verifier.verifyRequest({ url, headers })), code);
    });
  }

  test('an audience that is written with capitals is bound to its host as well', async () => {
    const rig = makeRig(key, { audience: ['A.example.com', 'B.example.com'] });
    const headers = { 'x-pomerium-jwt-assertion': await sign(key, { aud: 'A.example.com', iss: 'A.example.com' }) };
    const codeAt = (url: string) => codeOf(() => rig.verifier.verifyRequest({ url, headers }));
    assert.equal(await codeAt('https://b.example.com/'), 'audience_mismatch');
    assert.equal(await codeAt('https://a.example.com/'), 'valid');
  });

  test('a single audience is for every host: the service behind Pomerium has another one', async () => {
    const headers = { 'x-pomerium-jwt-assertion': await sign(key) };
    const request = { url: 'https://internal.example.com/', headers };
    assert.equal(await codeOf(() => makeRig(key).verifier.verifyRequest(request)), 'valid');
  });
});

verdicts('the authenticate host as issuer (2020)', { issuer: 'authenticate.corp.example.com' }, [
  ['it', { iss: 'authenticate.corp.example.com' }, 'valid'],
  ['the route host', { iss: HOST }, 'issuer_mismatch'],
]);

// The default issuers are made of the audience, so a wrong audience makes both wrong, and is the one to be told.
verdicts('another route of the same Pomerium', {}, [
  ['issuer as host', { aud: 'wiki.example.com', iss: 'wiki.example.com' }, 'audience_mismatch'],
  ['issuer as URI', { aud: 'wiki.example.com', iss: 'https://wiki.example.com/' }, 'audience_mismatch'],
  ['for nobody', { aud: 'wiki.example.com', iss: 'wiki.example.com', sub: '' }, 'audience_mismatch'],
  ['expired, too', { aud: 'wiki.example.com', iss: 'wiki.example.com', exp: 1 }, 'expired'],
]);

test('a wrong audience names the host that came and the one that is configured', async () => {
  const claims = { aud: 'wiki.example.com', iss: 'wiki.example.com' };
  const error = await errorOf(async () => makeRig(key).verify(await sign(key, claims)));
  assert.equal(error?.received, '"wiki.example.com"');
  assert.equal(error?.expected, `"${HOST}"`);
});

verdicts('anonymous assertions', {}, [
  ['an empty sub', { sub: '' }, 'anonymous'],
  ['no sub', { sub: undefined }, 'anonymous'],
  ['sub null', { sub: null }, 'invalid_claims'],
  ['sub a number', { sub: 0 }, 'invalid_claims'],
  ['sub a list', { sub: ['u'] }, 'invalid_claims'],
]);

verdicts('anonymous assertions with allowAnonymous', { allowAnonymous: true }, [
  ['an empty sub', { sub: '', user: '' }, 'valid'],
  ['no sub', { sub: undefined }, 'valid'],
  ['sub null', { sub: null }, 'invalid_claims'],
  ['expired', { sub: '', exp: 1 }, 'expired'],
]);

verdicts('claims of a wrong type', {}, [
  ...['user', 'email', 'name', 'sid', 'jti'].map((name): [string, Record<string, unknown>, string] => [
    `${name} a number`,
    { [name]: 1 },
    'invalid_claims',
  ]),
  ['groups a string', { groups: 'admin' }, 'invalid_claims'],
  ['groups an object', { groups: { 0: 'admin' } }, 'invalid_claims'],
  ['groups with a number', { groups: ['a', 1] }, 'invalid_claims'],
  ['groups null', { groups: null }, 'valid'],
  ['no groups', { groups: undefined }, 'valid'],
]);

test('groups that are null, as Pomerium v0.10 wrote them, are none', async () => {
  for (const groups of [null, undefined, []]) {
    assert.deepEqual((await makeRig(key).verify(await sign(key, { groups }))).groups, []);
  }
});

describe('what the operator is told', () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ['the other issuer format', { iss: `https://${HOST}` }, /jwt_issuer_format/],
    ['capitals', { iss: HOST.toUpperCase() }, /only upper and lower case differ/],
    ['an expired token', { exp: 1 }, /clock/],
  ];
  for (const [name, claims, message] of cases) {
    test(name, async () => {
      const error = await errorOf(async () => makeRig(key).verify(await sign(key, claims)));
      assert.match(error?.message ?? '', message);
    });
  }

  test('expected and received name both sides; the message holds no claim value', async () => {
    const error = await errorOf(async () => makeRig(key).verify(await sign(key, { aud: 'secret.example.com' })));
    assert.equal(error?.expected, `"${HOST}"`);
    assert.equal(error?.received, '"secret.example.com"');
    assert.notInclude(error?.message ?? '', 'secret.example.com');
  });

  test('a long value is cut, and control characters are escaped', async () => {
    const error = await errorOf(async () => makeRig(key).verify(await sign(key, { iss: `a\n${'b'.repeat(999)}` })));
    assert.isBelow(error?.received?.length ?? 999, 80);
    assert.notInclude(error?.received ?? '\n', '\n');
  });
});
