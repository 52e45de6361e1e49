import { assert, describe, test } from 'vitest';
import {
  compilePolicy,
  createVerifier,
  optionsFromEnvironment,
  type PomeriumEnvironment,
  type RemoteKeysOptions,
  remoteKeys,
  staticKeys,
  type VerifierOptions,
} from '../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { assertMisconfigured, codeOf } from '../support/verifying.ts';

const key = await makeKey();
const ANYBODY = compilePolicy({ allow: { or: [{ accept: true }] } });

describe('createVerifier refuses, when it is built,', () => {
  const cases: [string, Record<string, unknown> | undefined, RegExp][] = [
    ['no options', undefined, /audience: 'app\.corp\.example\.com'/],
    ['no audience', {}, /audience/],
    ['an empty audience', { audience: '' }, /audience/],
    ['an empty list of audiences', { audience: [] }, /audience/],
    ['an audience that is a number', { audience: 1 }, /audience/],
    ['a list with an empty audience', { audience: [HOST, ''] }, /audience/],
    ['an audience that is a URL', { audience: `https://${HOST}/` }, /host name/],
    ['an audience with a port', { audience: `${HOST}:443` }, /is not a host name without scheme, port and path; write/],
    [
      'an IPv6 address with a port',
      { audience: '[2001:db8::1]:443' },
      /is not a host name without scheme, port and path/,
    ],
    ['an audience with an empty port', { audience: `${HOST}:` }, /port/],
    ['an IPv6 address in brackets', { audience: '[::1]' }, /host name/],
    ['an IPv6 address with a port', { audience: '[::1]:443' }, /host name/],
    ['an audience with a tab in it', { audience: 'app\tcorp' }, /^The audience "app\\tcorp" is not a host name/],
    ['an audience with a wildcard', { audience: '*.example.com' }, /host name .* For a wildcard write routes\.$/],
    ['an audience with a space', { audience: ` ${HOST}` }, /audience/],
    ['audiences joined with a comma', { audience: 'a.example.com,b.example.com' }, /host name/],
    ['an empty issuer', { audience: HOST, issuer: '' }, /issuer/],
    ['no issuers', { audience: HOST, issuer: [] }, /issuer/],
    [
      'a list with an empty issuer',
      { audience: HOST, issuer: [HOST, ''] },
      /^The issuer must be a string that is not empty/,
    ],
    [
      'an issuer with a space',
      { audience: HOST, issuer: ` ${HOST}` },
      /^The issuer must be .*; write issuer: 'app\.corp/,
    ],
    ['an issuer that makes no URL', { audience: HOST, issuer: 'a b' }, /remoteKeys/],
    ['an issuer with a user part', { audience: HOST, issuer: 'x@evil.test' }, /remoteKeys/],
    ...[
      'a?b',
      'a#b',
      'a/b',
      'https://a?b/',
      'https://x@a/',
      'https:///a',
      'https://',
      'a\\b',
      'a\nb',
      'https://a\nb/',
      'a:b://1',
    ].map((issuer): (typeof cases)[number] => [
      `an issuer that is no host: ${JSON.stringify(issuer)}`,
      { audience: HOST, issuer },
      /^No JWKS URL can be made from the issuer ".*"; write keys: remoteKeys\(url\)\.$/,
    ]),
    ['keys that are text', { audience: HOST, keys: 'https://x' }, /remoteKeys\('https/],
    ['keys that cannot be made ready', { audience: HOST, keys: { find() {} } }, /^keys must be a KeySource/],
    ['keys in which nothing is found', { audience: HOST, keys: { ready() {} } }, /^keys must be a KeySource/],
    [
      'a store beside keys, which would not use it',
      { audience: HOST, keys: staticKeys(jwks(key)), store: new Map() },
      /^store is for the default keys; write keys: remoteKeys\(url, \{ store \}\)\.$/,
    ],
    [
      'a policy that is not compiled',
      { audience: HOST, policy: { allow: {} } },
      /^policy must be .*; write policy: compile/,
    ],
    ['a policy that is null', { audience: HOST, policy: null }, /^policy must be a compiled policy/],
    ['routes that judge no request', { routes: { requireIssued() {} } }, /^routes must be compiled routes/],
    ['routes that judge no issuer', { routes: { check() {} } }, /^routes must be compiled routes/],
    ['keys that are a JWKS', { audience: HOST, keys: jwks(key) }, /staticKeys/],
    ['keys: null', { audience: HOST, keys: null }, /keys/],
    ['a negative tolerance', { audience: HOST, clockTolerance: -1 }, /clockTolerance/],
    ['an infinite tolerance', { audience: HOST, clockTolerance: Number.POSITIVE_INFINITY }, /clockTolerance/],
    ['a tolerance that is text', { audience: HOST, clockTolerance: '60' }, /clockTolerance/],
    ['maxTokenAge NaN', { audience: HOST, maxTokenAge: Number.NaN }, /maxTokenAge/],
    [
      'no algorithms',
      { audience: HOST, algorithms: [] },
      /^algorithms must be a list; write some of ES256, RS256, EdDSA/,
    ],
    ['algorithms as text', { audience: HOST, algorithms: 'ES256' }, /^algorithms must be a list/],
    [
      'algorithm none',
      { audience: HOST, algorithms: ['none'] },
      /^The algorithm "none" cannot be used; write some of ES/,
    ],
    [
      'an algorithm that is nothing',
      { audience: HOST, algorithms: ['ES256', null] },
      /^The algorithm null cannot be used/,
    ],
    ['HS256', { audience: HOST, algorithms: ['ES256', 'HS256'] }, /HS256/],
    ['ES384', { audience: HOST, algorithms: ['ES384'] }, /ES384/],
    ['allowAnonymous as text', { audience: HOST, allowAnonymous: 'false' }, /allowAnonymous/],
    ['onEvent that is no function', { audience: HOST, onEvent: {} }, /onEvent/],
    ['now that is a number', { audience: HOST, now: NOW }, /now/],
    [
      'a misspelt option',
      { audience: HOST, clockTolerence: 60 },
      /^There is no option "clockTolerence"; there are audience, /,
    ],
  ];
  for (const [name, options, message] of cases) {
    test(name, () => assertMisconfigured(() => createVerifier(options as unknown as VerifierOptions), message));
  }
});

describe('createVerifier takes', () => {
  const cases: [name: string, options: Partial<VerifierOptions>][] = [
    ['an IPv6 address as audience', { audience: '2001:db8:0:0:0:0:0:1' }],
    ['a host of one letter', { audience: 'a' }],
    ['a policy', { policy: ANYBODY }],
    [
      'all that go together',
      {
        issuer: HOST,
        store: { getItem: () => null, setItem() {} },
        clockTolerance: 0,
        maxTokenAge: 0,
        algorithms: ['EdDSA', 'RS256', 'ES256'],
        allowAnonymous: false,
        onBehalfOf: { audience: HOST, issuer: HOST, keys: staticKeys(jwks(key)), callers: ANYBODY },
        onEvent() {},
        now: () => NOW,
      },
    ],
  ];
  for (const [name, options] of cases) {
    test(name, () => assert.doesNotThrow(() => createVerifier({ audience: HOST, ...options })));
  }
});

describe('by default', () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  const keys = staticKeys(jwks(key));

  test('the time is the system’s', async () => {
    const verifier = createVerifier({ audience: HOST, keys });
    const at = async (iat: number) => verifier.verify(await sign(key, { iat, exp: iat + 300 }));
    assert.equal(await codeOf(() => at(seconds())), 'valid');
    assert.equal(await codeOf(() => at(seconds() - 1000)), 'expired');
    assert.equal(await codeOf(() => at(seconds() + 1000)), 'not_yet_valid');
  });

  test('nobody is anonymous, clocks may differ by a minute, and only ES256 is accepted', async () => {
    const verifier = createVerifier({ audience: HOST, keys, now: () => NOW });
    const code = async (claims: object) => codeOf(async () => verifier.verify(await sign(key, { ...claims })));
    assert.equal(await code({ sub: '', user: '' }), 'anonymous');
    assert.equal(await code({ exp: NOW - 59 }), 'valid');
    assert.equal(await code({ exp: NOW - 60 }), 'expired');
    const open = createVerifier({ audience: HOST, keys, now: () => NOW, allowAnonymous: true });
    assert.equal(await codeOf(async () => open.verify(await sign(key, { sub: '', user: '' }))), 'valid');
    const rsa = await makeKey('RS256');
    const withRsa = createVerifier({ audience: HOST, keys: staticKeys(jwks(rsa)), now: () => NOW });
    assert.equal(await codeOf(async () => withRsa.verify(await sign(rsa))), 'unsupported_algorithm');
  });
});

describe('remoteKeys refuses, when it is built,', () => {
  const URL = 'https://app.corp.example.com/.well-known/pomerium/jwks.json';
  const cases: [name: string, url: unknown, options: unknown, RegExp][] = [
    ['plain http', 'http://app.corp.example.com/jwks.json', {}, /https/],
    ['http to what only looks like loopback', 'http://127.0.0.1.evil.test/', {}, /https/],
    ['http to what only ends like loopback', 'http://notlocalhost/', {}, /https/],
    ['http to what only begins like loopback', 'http://localhost.evil.test/', {}, /https/],
    ['http to a private address', 'http://10.0.0.1/', {}, /https/],
    ['file', 'file:///etc/passwd', {}, /https/],
    ['no URL', 'app.corp.example.com', {}, /https:\/\/app/],
    ['nothing', undefined, {}, /https:\/\/app/],
    ['ftp to loopback', 'ftp://localhost/jwks.json', {}, /https/],
    ['a user and a password in the URL', 'https://u:p@app.corp.example.com/', {}, /password/],
    ['a user in the URL', 'https://u@app.corp.example.com/', {}, /password/],
    ['a password in the URL', 'https://:p@app.corp.example.com/', {}, /password/],
    ['options that are null', URL, null, /Write remoteKeys\(url, \{ timeout: 2 \}\)/],
    ['options that are a number', URL, 5, /Write remoteKeys\(url, \{ timeout: 2 \}\)/],
    ['minTtl above maxTtl', URL, { minTtl: 61, maxTtl: 60 }, /minTtl/],
    ['timeout 0', URL, { timeout: 0 }, /timeout/],
    ['cooldown -1', URL, { cooldown: -1 }, /cooldown/],
    ['maxTtl infinite', URL, { maxTtl: Number.POSITIVE_INFINITY }, /maxTtl/],
    ['staleIfError as text', URL, { staleIfError: '1' }, /staleIfError/],
    ['a fetch that is text', URL, { fetch: 'fetch' }, /fetch must be a function/],
    ['a fetch that is null', URL, { fetch: null }, /fetch must be a function/],
    ['a store without setItem', URL, { store: { getItem: () => null } }, /setItem/],
    ['a store without getItem', URL, { store: { setItem: () => {} } }, /getItem/],
    ['a store that is null', URL, { store: null }, /getItem/],
    ['a misspelt option', URL, { cacheTtl: 1 }, /no option of remoteKeys\(\) "cacheTtl"/],
  ];
  for (const [name, url, options, message] of cases) {
    test(name, () =>
      assertMisconfigured(() => remoteKeys(url as string, options as unknown as RemoteKeysOptions), message),
    );
  }

  for (const host of ['localhost', 'pomerium.localhost:8443', '127.0.0.1:9', '127.10.20.254', '[::1]:8080']) {
    test(`control: plain http to ${host} is taken`, () => {
      assert.doesNotThrow(() => remoteKeys(`http://${host}/jwks.json`));
    });
  }

  test('control: each option of remoteKeys() is taken', () => {
    const seconds = { minTtl: 1, maxTtl: 2, staleWhileRevalidate: 3, staleIfError: 4, cooldown: 5, timeout: 6 };
    const store = { getItem: () => null, setItem: () => {} };
    assert.doesNotThrow(() => remoteKeys(URL, { ...seconds, store, fetch: async () => new Response() }));
  });
});

describe('the default key URL is made from the first issuer', () => {
  const cases: [string, Partial<VerifierOptions>, string][] = [
    ['the audience', {}, `https://${HOST}`],
    ['the issuer as host', { issuer: 'authenticate.corp.example.com' }, 'https://authenticate.corp.example.com'],
    ['the issuer as URI', { issuer: ['https://a.example.com/', 'b'] }, 'https://a.example.com'],
    ['the issuer as URI with a path', { issuer: 'https://a.example.com/b/c' }, 'https://a.example.com'],
    ['the issuer as URI without one', { issuer: 'https://a.example.com' }, 'https://a.example.com'],
    ['an IPv6 address', { audience: '::1' }, 'https://[::1]'],
    ['a long IPv6 address', { audience: '2001:db8::1' }, 'https://[2001:db8::1]'],
    ['an IPv6 address as URI', { issuer: 'https://[::1]:8443/' }, 'https://[::1]:8443'],
    ['a host with a port', { issuer: 'authenticate.example.com:8443' }, 'https://authenticate.example.com:8443'],
    ['a port', { issuer: 'https://authenticate.example.com:8443/' }, 'https://authenticate.example.com:8443'],
  ];
  for (const [name, options, origin] of cases) {
    test(name, async () => {
      const asked: string[] = [];
      const fetchBefore = globalThis.fetch;
      globalThis.fetch = (async (url: string) => {
        asked.push(String(url));
        return new Response(JSON.stringify(jwks(key)));
      }) as typeof fetch;
      try {
        await createVerifier({ audience: HOST, ...options }).ready();
      } finally {
        globalThis.fetch = fetchBefore;
      }
      assert.deepEqual(asked, [`${origin}/.well-known/pomerium/jwks.json`]);
    });
  }
});

describe('the environment', () => {
  const POMERIUM_JWKS = JSON.stringify(jwks(key));

  test('POMERIUM_AUDIENCE alone is enough', async () => {
    const verifier = createVerifier({
      ...optionsFromEnvironment({ POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS }),
      now: () => NOW,
    });
    assert.equal((await verifier.verify(await sign(key))).subject, 'u-alice');
  });

  test('all variables at once, with lists', async () => {
    const options = optionsFromEnvironment({
      POMERIUM_AUDIENCE: `other.example.com, ${HOST}`,
      POMERIUM_ISSUER: 'https://a.example.com/, b.example.com',
      POMERIUM_JWKS_URL: 'https://keys.example.com/jwks.json',
      POMERIUM_ALGORITHMS: 'ES256, RS256',
      POMERIUM_CLOCK_TOLERANCE: '0',
    });
    const { keys, ...rest } = options;
    assert.deepEqual(rest, {
      audience: ['other.example.com', HOST],
      issuer: ['https://a.example.com/', 'b.example.com'],
      algorithms: ['ES256', 'RS256'],
      clockTolerance: 0,
    });
    const verifier = createVerifier({ ...rest, keys: staticKeys(POMERIUM_JWKS), now: () => NOW });
    assert.equal(await codeOf(async () => verifier.verify(await sign(key, { iss: 'b.example.com' }))), 'valid');
    assert.isDefined(keys);
  });

  const refused: [string, PomeriumEnvironment, RegExp][] = [
    ['no audience', {}, /POMERIUM_AUDIENCE/],
    ['an empty audience', { POMERIUM_AUDIENCE: '' }, /POMERIUM_AUDIENCE/],
    ['both kinds of keys', { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS, POMERIUM_JWKS_URL: 'https://x/' }, /both/],
    ['keys that are rubbish', { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: 'x' }, /PEM/],
    [
      'a tolerance that is no number',
      { POMERIUM_AUDIENCE: HOST, POMERIUM_CLOCK_TOLERANCE: '1m' },
      /POMERIUM_CLOCK_TOLERANCE/,
    ],
    ['a wrong algorithm', { POMERIUM_AUDIENCE: HOST, POMERIUM_ALGORITHMS: 'HS256' }, /HS256/],
    ['a trailing comma', { POMERIUM_AUDIENCE: `${HOST},` }, /audience/],
  ];
  for (const [name, env, message] of refused) {
    test(`refuses ${name}`, () => assertMisconfigured(() => createVerifier(optionsFromEnvironment(env)), message));
  }
});
