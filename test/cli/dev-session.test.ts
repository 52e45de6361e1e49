import { request } from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { DEFAULT_IDENTITIES, findIdentity, type Identities } from '../../cli/dev/identities.ts';
import { type DevServer, startDevServer } from '../../cli/dev/server.ts';
import { createDevState } from '../../cli/dev/state.ts';
import { createVerifier, staticKeys } from '../../core/index.ts';
import { type LocalServer, serve } from '../../scripts/start/server.ts';
import { createTestIssuer } from '../../testing/index.ts';

const issuer = await createTestIssuer();
const verifier = createVerifier({ audience: issuer.host, keys: staticKeys(issuer.jwks()) });
const identities: Identities = { ...DEFAULT_IDENTITIES, Carol: { sub: 'u-carol', email: 'carol@example.com' } };

let app: LocalServer;
let dev: DevServer;
let other: DevServer;
beforeAll(async () => {
  app = await serve(async ({ headers, headersDistinct }, response) => {
    const { claims } = await verifier.verifyRequest({ headers: headersDistinct as Record<string, string[]> });
    response.end(JSON.stringify({ claims, headers }));
  });
  dev = await startDevServer(createDevState({ issuer, to: app.url, identities }), 0);
  other = await startDevServer(createDevState({ issuer, to: app.url, identities, defaultIdentity: 'Carol' }), 0);
});
afterAll(() => Promise.all([dev, other, app].map((server) => server.close())));

type Headers = Readonly<Record<string, string>>;

/** `fetch` keeps the headers that a browser sets to itself. */
function ask(path: string, headers: Headers = {}, { method = 'GET', body = '', base = dev.url } = {}) {
  return new Promise<{ status: number; location: string | undefined; cookie: string; text: string }>(
    (resolve, reject) => {
      const outgoing = request(base + path, { method, headers }, async (response) => {
        const text = Buffer.concat(await response.toArray()).toString();
        const [cookie = ''] = response.headers['set-cookie'] ?? [];
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, cookie, text });
      });
      outgoing.on('error', reject).end(body);
    },
  );
}

const seenWith = async (cookie: string, base = dev.url) =>
  JSON.parse((await ask('/x', cookie === '' ? {} : { cookie }, { base })).text);
const emailWith = async (cookie: string, base?: string) => (await seenWith(cookie, base)).claims.email;
const pairOf = (cookie: string) => cookie.split(';')[0] ?? '';
const signInAs = async (name: string) => pairOf((await ask(`/.pomerium/as/${name}`)).cookie);

describe('who is signed in', () => {
  test('is the default identity where there is no cookie', async () => {
    assert.equal(await emailWith(''), 'alice@example.com');
    assert.equal(await emailWith('', other.url), 'carol@example.com');
  });

  test('is of each client alone', async () => {
    const [bob, carol] = await Promise.all([signInAs('bob'), signInAs('carol')]);
    assert.deepEqual(await Promise.all([bob, carol, bob, ''].map((cookie) => emailWith(cookie))), [
      'bob@example.com',
      'carol@example.com',
      'bob@example.com',
      'alice@example.com',
    ]);
  });

  test('is said by a cookie for this host alone, which no script reads and no other site sends with its forms', async () => {
    const { status, cookie, location } = await ask('/.pomerium/as/bob');
    assert.deepEqual([status, location], [303, '/']);
    const port = new URL(dev.url).port;
    assert.equal(cookie, `pomerium_dev_${port}=Bob%2C%20another%20user; Path=/; HttpOnly; SameSite=Lax`);
  });

  test('is no business of the stand-in at another port, to which browsers send the cookie, too', async () => {
    assert.equal(await emailWith(await signInAs('bob'), other.url), 'carol@example.com');
  });

  test('is not told to the app by the cookie, and its own cookies stay', async () => {
    const bob = await signInAs('bob');
    assert.equal((await seenWith(`a=1; ${bob}; b="2; 3"; pomerium_dev_1=x`)).headers.cookie, 'a=1; b="2; 3"');
    assert.notProperty((await seenWith(bob)).headers, 'cookie');
  });

  test('is nobody where the cookie names somebody whom there is not', async () => {
    const name = `pomerium_dev_${new URL(dev.url).port}`;
    for (const value of ['Mallory', '%', '__proto__']) {
      const { status, location } = await ask('/x', { cookie: `${name}=${value}` });
      assert.deepEqual([status, location], [302, '/.pomerium/sign_in?pomerium_redirect_uri=%2Fx'], value);
    }
  });

  test('is chosen by the form of the page, and by nothing that is not in its list', async () => {
    const post = (identity: string) =>
      ask('/.pomerium/identity', {}, { method: 'POST', body: new URLSearchParams({ identity }).toString() });
    const { status, location, cookie } = await post('Carol');
    assert.deepEqual([status, location], [303, '/.pomerium/']);
    assert.equal(await emailWith(pairOf(cookie)), 'carol@example.com');
    assert.equal((await post('carol')).cookie, '');
  });

  test('has no claim of somebody else', async () => {
    const { claims } = await seenWith(await signInAs('carol'));
    assert.include(claims, { sub: 'u-carol', user: 'u-carol', email: 'carol@example.com', name: '', sid: '' });
    assert.deepEqual(claims.groups, []);
  });

  const NAMES: [text: string, name: string | undefined][] = [
    ['Carol', 'Carol'],
    ['alice', 'Alice, a user'],
    ['alice, in', 'Alice, in 200 groups'],
    ['BOB@example.com', 'Bob, another user'],
    ['nobody', 'Nobody (a public route)'],
    ['mallory', undefined],
    ['', undefined],
    ['__proto__', undefined],
  ];
  for (const [text, name] of NAMES) {
    test(`${JSON.stringify(text)} means ${name}`, () => assert.equal(findIdentity(identities, text), name));
  }

  test('an address with an unknown name says which there are', async () => {
    const { status, text, cookie } = await ask('/.pomerium/as/mallory');
    assert.equal(status, 404);
    assert.include(text, 'Bob, another user');
    assert.equal(cookie, '');
  });

  const DESTINATIONS: [wanted: string, location: string][] = [
    ['/account?x=1', '/account?x=1'],
    ['//evil.test/', '/'],
    ['/\\evil.test', '/'],
    ['https://evil.test/', '/'],
    ['/a\nb', '/'],
  ];
  for (const [wanted, location] of DESTINATIONS) {
    test(`asked to go on to ${JSON.stringify(wanted)}, it leads to ${location}`, async () => {
      const query = new URLSearchParams({ pomerium_redirect_uri: wanted });
      assert.equal((await ask(`/.pomerium/as/bob?${query}`)).location, location);
    });
  }
});

describe('no other site', () => {
  const FOREIGN: [name: string, headers: Headers][] = [
    ['by its Origin', { origin: 'https://evil.test' }],
    ['by an Origin of another port', { origin: 'http://localhost:1' }],
    ['that hides its Origin', { origin: 'null' }],
    ['by a link', { 'sec-fetch-site': 'cross-site' }],
    ['by a link of another port', { 'sec-fetch-site': 'same-site' }],
    ['by another name', { host: 'evil.test' }],
  ];
  const CHANGES = [
    'GET /.pomerium/as/bob',
    'GET /.pomerium/sign_out',
    'POST /.pomerium/identity',
    'POST /.pomerium/rotate',
  ];
  for (const [name, headers] of FOREIGN) {
    test(`changes anything ${name}`, async () => {
      for (const change of CHANGES) {
        const [method = '', path = ''] = change.split(' ');
        const { status, cookie } = await ask(path, headers, {
          method,
          body: method === 'POST' ? 'identity=Carol' : '',
        });
        assert.deepEqual([status, cookie], [403, ''], change);
      }
    });
  }

  const SENT: [name: string, headers: Headers, method?: string][] = [
    [
      'with a form',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      'POST',
    ],
    ['with a script', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' }],
    ['in a frame', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
    ['from a browser that says its Origin alone', { origin: 'https://evil.test' }, 'POST'],
    ['from one that hides its Origin', { origin: 'null' }, 'POST'],
    ['from a name that begins as ours', { origin: 'http://localhost.evil.test' }, 'POST'],
  ];
  for (const [name, headers, method = 'GET'] of SENT) {
    test(`reaches the app as the default identity ${name}`, async () => {
      const { status, location } = await ask('/x', headers, { method });
      assert.deepEqual([status, location], [302, '/.pomerium/sign_in?pomerium_redirect_uri=%2Fx']);
    });
  }

  const OWN: [name: string, headers: Headers][] = [
    [
      'a link of another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
    ['a page at another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:5173' }],
    ['a page at another port, of a browser that says its Origin alone', { origin: 'http://127.0.0.1:5173' }],
    ['an address that was typed', { 'sec-fetch-site': 'none' }],
  ];
  for (const [name, headers] of OWN) {
    test(`but ${name} does`, async () => assert.equal((await ask('/x', headers)).status, 200));
  }

  const OTHER_HOSTS = [
    'evil.test',
    'localhost.evil.test',
    'evil-localhost',
    'localhost@evil.test',
    '127.0.0.1.evil.test',
  ];
  for (const host of OTHER_HOSTS) {
    test(`reaches the app by the name "${host}" (DNS rebinding)`, async () => {
      for (const path of ['/', '/x', '/.pomerium/user', '/.well-known/pomerium', '/ping']) {
        const { status, text } = await ask(path, { host });
        assert.equal(status, 403, path);
        assert.match(text, /answers to localhost, 127\.0\.0\.1, \[::1\], app\.corp\.example\.com and/, path);
      }
      assert.equal((await ask('/.well-known/pomerium/jwks.json', { host })).status, 200);
    });
  }

  test('but this one does, by each of its names', async () => {
    const { port } = new URL(dev.url);
    for (const host of [
      `localhost:${port}`,
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      `app.localhost:${port}`,
      issuer.host,
    ]) {
      const headers = { host, 'sec-fetch-site': 'same-origin' };
      assert.equal((await ask('/.pomerium/as/bob', headers)).status, 303, host);
      assert.equal((await ask('/x', headers)).status, 200, host);
    }
  });
});

describe('Pomerium’s own paths', () => {
  test('/.pomerium/user is the person in JSON, without what is the assertion’s', async () => {
    const { status, text } = await ask('/.pomerium/user', { cookie: await signInAs('bob') });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), identities['Bob, another user']);
  });

  test('/.pomerium/user is not found for nobody', async () => {
    assert.equal((await ask('/.pomerium/user', { cookie: await signInAs('nobody') })).status, 404);
  });

  test('/.pomerium/sign_out signs this client out, by both methods, and leads to where one signs in', async () => {
    for (const method of ['GET', 'POST']) {
      const { status, location, cookie } = await ask('/.pomerium/sign_out', {}, { method });
      assert.deepEqual([status, location], [302, '/.pomerium/sign_in']);
      assert.equal(
        (await ask('/x?y=1', { cookie: pairOf(cookie) })).location,
        '/.pomerium/sign_in?pomerium_redirect_uri=%2Fx%3Fy%3D1',
      );
      assert.equal(await emailWith(''), 'alice@example.com', 'others stay');
    }
  });

  // `ShouldRedirect` of Pomerium: whom HTML is good enough for is sent away to sign in.
  const ACCEPTS: [accept: string | undefined, status: number][] = [
    [undefined, 302],
    ['*/*', 302],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 302],
    ['image/avif,*/*', 302],
    ['application/json, text/plain, */*', 302],
    ['application/json', 401],
    ['application/json, text/html;q=0.5', 401],
    ['text/plain', 401],
    ['text/*', 302],
    ['image/png', 302],
    ['nonsense;;q=x', 302],
  ];
  for (const [accept, status] of ACCEPTS) {
    test(`signed out, with Accept: ${accept}, the answer is ${status}`, async () => {
      const cookie = pairOf((await ask('/.pomerium/sign_out')).cookie);
      for (const path of ['/x', '/.pomerium/user']) {
        const answer = await ask(path, { cookie, ...(accept !== undefined && { accept }) });
        assert.equal(answer.status, status, path);
        if (status === 401) assert.deepEqual(JSON.parse(answer.text), { error: 'Unauthenticated' });
      }
    });
  }

  test('signed out, its page is there and can sign in', async () => {
    const { status, text } = await ask('/.pomerium/', { cookie: pairOf((await ask('/.pomerium/sign_out')).cookie) });
    assert.equal(status, 200);
    assert.include(text, 'Nobody is signed in in this browser');
  });

  test('/.well-known/pomerium says where the keys are', async () => {
    const { status, text } = await ask('/.well-known/pomerium');
    assert.equal(status, 200);
    const { issuer: url, jwks_uri, frontchannel_logout_uri } = JSON.parse(text);
    assert.equal(url, `${dev.url}/`);
    assert.equal(frontchannel_logout_uri, `${dev.url}/.pomerium/sign_out`);
    assert.deepEqual(await (await fetch(jwks_uri)).json(), issuer.jwks());
  });

  test('health checks are not the app’s', async () => {
    for (const path of ['/ping', '/healthz']) assert.equal((await ask(path)).text, 'OK\n');
  });

  test('what is nowhere is not found', async () => {
    for (const path of ['/.pomerium/jwt', '/.pomerium/nowhere', '/.well-known/pomerium/nowhere'])
      assert.equal((await ask(path)).status, 404, path);
    assert.equal((await ask('/.pomerium')).location, '/.pomerium/');
  });
});

describe('the app is told by X-Forwarded headers', () => {
  test('the host and the scheme that the client has, and its address after those before it', async () => {
    const { headers } = await seenWith('');
    assert.include(headers, { 'x-forwarded-host': new URL(dev.url).host, 'x-forwarded-proto': 'http' });
    assert.match(headers['x-forwarded-for'], /^(127\.0\.0\.1|::1)$/);
    const forged = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https' };
    const seen = JSON.parse((await ask('/x', forged)).text).headers;
    assert.include(seen, { 'x-forwarded-host': new URL(dev.url).host, 'x-forwarded-proto': 'http' });
    assert.match(seen['x-forwarded-for'], /^192\.0\.2\.1, (127\.0\.0\.1|::1)$/);
  });
});

/** Containers may be without it. */
const HAS_IPV6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1');

describe('localhost', () => {
  test('is both of its addresses, on one port', async () => {
    const { port } = new URL(dev.url);
    for (const host of ['127.0.0.1', 'localhost', ...(HAS_IPV6 ? ['[::1]'] : [])])
      assert.equal((await fetch(`http://${host}:${port}/ping`)).status, 200, host);
  });

  test.runIf(HAS_IPV6)('is refused where somebody has the port at the second address alone', async () => {
    const stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(0, '::1', resolve));
    const address = stranger.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const state = createDevState({ issuer, to: app.url, identities });
    const error = await startDevServer(state, port).then(
      () => undefined,
      (reason) => reason,
    );
    assert.equal(error?.code, 'EADDRINUSE');
    await new Promise((resolve) => stranger.close(resolve));
    await (await startDevServer(state, port)).close();
  });
});
