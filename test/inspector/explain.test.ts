import { base64url } from 'jose';
import { assert, describe, test } from 'vitest';
import { createVerifier, type PomeriumErrorCode, remoteKeys, staticKeys } from '../../core/index.ts';
import { type Expectation, explain } from '../../inspector/explain.ts';
import { describeTime, inWords } from '../../inspector/text.ts';
import { freePort } from '../../scripts/free-port.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { NOW } from '../support/issuer.ts';
import { P384_SPKI } from '../support/seed.ts';
import { codeOf } from '../support/verifying.ts';

const now = () => NOW;
const issuer = await createTestIssuer({ now });
const bad = await issuer.bad();
const expectation: Expectation = {
  keys: staticKeys(issuer.jwks()),
  audiences: [issuer.host],
  issuersFor: () => new Set([issuer.host, `https://${issuer.host}/`]),
  algorithms: ['ES256'],
  clockTolerance: 60,
  maxTokenAge: undefined,
  now: NOW,
};
const verifier = createVerifier({ audience: issuer.host, keys: staticKeys(issuer.jwks()), now });

/** The rule that a code is about. */
const RULES: Readonly<Partial<Record<PomeriumErrorCode, string>>> = {
  missing_assertion: 'form',
  duplicate_assertion: 'form',
  malformed_assertion: 'form',
  unsupported_algorithm: 'algorithm',
  unknown_key: 'key',
  invalid_signature: 'signature',
  invalid_claims: 'claims',
  expired: 'expiry',
  not_yet_valid: 'issued',
  issuer_mismatch: 'issuer',
  audience_mismatch: 'audience',
  anonymous: 'subject',
};

describe('explain() says what the verifier says', () => {
  test('of a good assertion: every rule passes', async () => {
    const { verdict, checks, claims } = await explain(await issuer.sign(), expectation);
    assert.equal(verdict, 'valid');
    assert.deepEqual(
      checks.filter((check) => check.verdict !== 'pass'),
      [],
    );
    assert.include(claims as object, { email: 'alice@example.com' });
  });

  for (const { name, headers } of bad) {
    const assertions = headers.filter(([header]) => header === 'x-pomerium-jwt-assertion').map(([, value]) => value);
    if (assertions.length === 0) continue;
    test(`of one that is bad (${name}): the first rule that fails is that of the code`, async () => {
      const text = assertions.join(',');
      const code = await codeOf(() => verifier.verify(text));
      const { verdict, checks } = await explain(text, expectation);
      assert.equal(verdict, 'refused');
      const failed = checks.filter((check) => check.verdict === 'fail');
      assert.equal(failed[0]?.rule, RULES[code as PomeriumErrorCode], JSON.stringify(failed));
    });
  }

  test('of one with several flaws: each is named, with how to fix it', async () => {
    const claims = { aud: 'b', iss: 'https://app.corp.example.com', exp: NOW - 300, iat: NOW - 600, sub: '', user: '' };
    const { checks } = await explain(await issuer.sign(claims), expectation);
    const failed = checks.filter((check) => check.verdict === 'fail');
    assert.deepEqual(
      failed.map(({ rule }) => rule),
      ['expiry', 'audience', 'issuer', 'subject'],
    );
    for (const { fix } of failed) assert.isNotEmpty(fix);
    const issuerCheck = failed.find(({ rule }) => rule === 'issuer');
    assert.include(issuerCheck?.detail ?? '', 'only the https:// and the slash differ');
    assert.include(issuerCheck?.fix ?? '', 'set issuer: "https://app.corp.example.com"');
  });

  test('of another route: the audience is to fix, and its issuer is not', async () => {
    for (const iss of ['b.example.com', 'https://b.example.com/']) {
      const { checks } = await explain(await issuer.sign({ aud: 'b.example.com', iss }), expectation);
      const failed = checks
        .filter((check) => check.verdict === 'fail')
        .map(({ rule, fix }) => [rule, fix !== undefined]);
      assert.deepEqual(failed, [
        ['audience', true],
        ['issuer', false],
      ]);
    }
  });

  test('and is no proof without keys, or without an audience', async () => {
    const token = await issuer.sign();
    assert.equal((await explain(token, { ...expectation, keys: undefined })).verdict, 'unknown');
    assert.equal(
      (await explain(token, { ...expectation, audiences: [], issuersFor: () => new Set() })).verdict,
      'unknown',
    );
  });

  test('and says nothing of the assertion where the keys cannot be had, but why', async () => {
    const port = await freePort();
    const keys = remoteKeys(`http://127.0.0.1:${port}/jwks.json`);
    const { verdict, checks } = await explain(await issuer.sign(), { ...expectation, keys });
    assert.equal(verdict, 'unknown');
    const check = checks.find(({ rule }) => rule === 'key');
    assert.equal(check?.verdict, 'not checked');
    assert.include(check?.detail ?? '', 'the connection was refused (ECONNREFUSED)');
  });

  test('is unknown where the configured keys cannot be used', async () => {
    const { verdict, checks } = await explain(await issuer.sign(), { ...expectation, keys: staticKeys(P384_SPKI) });
    assert.equal(verdict, 'unknown');
    const check = checks.find(({ rule }) => rule === 'key');
    assert.equal(check?.verdict, 'not checked');
    assert.include(check?.detail ?? '', 'cannot be used');
  });

  test('of a time that no calendar has', async () => {
    const huge = await explain(await issuer.sign({ exp: 9_007_199_254_740_991 }), expectation);
    assert.equal(huge.verdict, 'valid');
    assert.equal(huge.checks.find(({ rule }) => rule === 'expiry')?.detail, '9007199254740991');
    const late = await explain(await issuer.sign({ iat: 9_007_199_254_740_991 }), expectation);
    assert.equal(late.checks.find(({ verdict }) => verdict === 'fail')?.rule, 'issued');
  });

  test('of what is older than maxTokenAge', async () => {
    const token = await issuer.sign({ iat: NOW - 200 });
    const { checks } = await explain(token, { ...expectation, maxTokenAge: 60 });
    assert.deepEqual(
      checks.filter(({ verdict }) => verdict === 'fail').map(({ rule }) => rule),
      ['expiry'],
    );
  });
});

describe('describeTime()', () => {
  test('tells the time from now, and nothing of a time that no calendar has', () => {
    assert.equal(describeTime('expires', NOW + 240, NOW), 'expires in 4 minutes');
    for (const time of [9_007_199_254_740_991, -9_007_199_254_740_991, 1e308, Number.POSITIVE_INFINITY])
      assert.isUndefined(describeTime('expires', time, NOW), String(time));
  });
});

describe('inWords()', () => {
  const cases: [Parameters<typeof inWords>, string][] = [
    [['expires', 240], 'expires in 4 minutes'],
    [['expires', 61], 'expires in 1 minute'],
    [['expires', 59], 'expires in 59 seconds'],
    [['expires', -180], 'expired 3 minutes ago'],
    [['issued', -7200], 'issued 2 hours ago'],
    [['issued', 86_400 * 3], 'issued in 3 days'],
  ];
  for (const [[verb, seconds], words] of cases) {
    test(`${verb} ${seconds} s is "${words}"`, () => assert.equal(inWords(verb, seconds), words));
  }
});

describe('explain() says what an algorithm tells of who signed', () => {
  const fixOf = async (alg: string, claims: object) => {
    const segment = (value: object) => base64url.encode(JSON.stringify(value));
    const text = `${segment({ alg, kid: 'k' })}.${segment(claims)}.${base64url.encode('x')}`;
    const { checks } = await explain(text, expectation);
    return checks.find(({ rule }) => rule === 'algorithm')?.fix;
  };
  test('ES256, where it is not among them', async () => {
    const { checks } = await explain(await issuer.sign(), { ...expectation, algorithms: ['RS256'] });
    assert.match(
      checks.find(({ rule }) => rule === 'algorithm')?.fix ?? '',
      /^If its kid is in your JWKS, set .*ES256/,
    );
  });
  const claims = { iss: 'authenticate.example.com', aud: [issuer.host], sub: 'u', jti: 'j', iat: NOW, exp: NOW + 300 };
  const cases: [name: string, alg: string, claims: object, fix: RegExp][] = [
    ['a session of Pomerium', 'HS256', { ...claims, databroker_server_version: '1' }, /^This is a session of Pomerium/],
    ['HS256 of somebody else', 'HS256', claims, /^Pomerium never signs with this/],
    [
      'an algorithm of nobody',
      'ES384',
      { ...claims, databroker_server_version: '1' },
      /^Pomerium never signs with this/,
    ],
    [
      'RS256, which an identity provider signs with, too',
      'RS256',
      claims,
      /^If its kid is in your JWKS, set .*RS256.*; else/,
    ],
  ];
  for (const [name, alg, members, fix] of cases) {
    test(name, async () => assert.match((await fixOf(alg, members)) ?? '', fix));
  }
});

test('explain() cuts what is nested deeper than anybody reads, and prints', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const text = `${base64url.encode('{"alg":"ES256"}')}.${base64url.encode(`{"iat":1,"exp":2,"x":${deep}}`)}.${base64url.encode('x')}`;
  const { claims, checks } = await explain(text, expectation);
  assert.match(JSON.stringify(claims), /\[\["… \(nested deeper than 100 levels\)"\]\]/);
  assert.equal(checks.find(({ rule }) => rule === 'claims')?.verdict, 'pass');
});
