import { assert, describe, test } from 'vitest';
import { type GateContext, type GateOptions, type GateRequest, PomeriumError } from '../../core/adapter.ts';
import { compilePolicy, compileRoutes } from '../../core/index.ts';
import {
  ASSERTION,
  eventNames,
  type GateRig,
  key,
  makeGateRig,
  ORIGIN,
  SENDERS,
  type Sender,
} from '../support/gate.ts';
import { HOST, jwks, sign } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';

const ADMINS = { allow: { or: [{ groups: 'admins' }] } };
const forAnybody = { allow_public_unauthenticated_access: true };
const forSomebody = { allow_any_authenticated_user: true };
const forAdmins = { policy: [ADMINS] };

/** A route of Pomerium, to a service that is not asked for anything here. */
const route = (host: string, path: object, access: object) => ({
  from: `https://${host}`,
  to: 'http://app',
  ...path,
  ...access,
});
const ROUTES = [
  route(HOST, { prefix: '/public' }, forAnybody),
  route(HOST, { prefix: '/admin', name: 'admin' }, forAdmins),
  route(HOST, { prefix: '/app' }, forSomebody),
];

/** A gate that has no audience but its routes. */
function rigFor(routes: object, options: GateOptions<Request> = {}, env: object = {}): GateRig {
  return makeGateRig({ routes, ...options }, { env: { POMERIUM_AUDIENCE: undefined, ...env } });
}

const at = (path: string) => ({ url: `${ORIGIN}${path}` });

describe('a gate with routes', () => {
  const rows: [path: string, sender: Sender, answer: string, events: string[]][] = [
    ['/public', 'nobody', 'missing_assertion', ['missing_assertion']],
    ['/public', 'anonymous', 'nobody', ['verified']],
    ['/public', 'alice', 'u-alice', ['verified']],
    ['/public', 'expired', 'expired', ['expired']],
    ['/public', 'twice', 'duplicate_assertion', ['duplicate_assertion']],
    ['/app/x?y=/public', 'anonymous', 'anonymous', ['anonymous']],
    ['/app/x?y=/public', 'alice', 'u-alice', ['verified']],
    ['/admin/x', 'anonymous', 'anonymous', ['anonymous']],
    ['/admin/x', 'alice', 'policy_denied', ['policy_denied']],
    ['/admin/x', 'admin', 'u-admin', ['verified']],
    ['/other', 'admin', 'policy_denied', ['policy_denied']],
    ['/public/%2e%2e/admin', 'alice', 'policy_denied', ['policy_denied']],
  ];
  for (const routes of [ROUTES, compileRoutes(ROUTES)]) {
    for (const [path, sender, answer, events] of rows) {
      test(`${Array.isArray(routes) ? '' : 'that are compiled'} ${path} for ${sender}: ${answer}`, async () => {
        const rig = rigFor(routes);
        assert.equal(await rig.ask({ headers: SENDERS[sender], ...at(path) }), answer);
        assert.deepEqual(eventNames(rig.events), events);
        assert.lengthOf(rig.lines, events.filter((name) => name !== 'verified').length, 'each refusal is one line');
      });
    }
  }

  test('takes for compiled only what has all that compiled ones have', async () => {
    for (const routes of [{ check: () => {} }, { requireIssued: () => {} }]) {
      const rig = rigFor(routes);
      assert.equal(await rig.ask({ headers: SENDERS.alice, ...at('/app') }), 'invalid_configuration');
      assert.match(String(rig.lines[0]?.line), /There are no routes in it/);
    }
  });

  test('says by which one somebody came', async () => {
    const { gate, events } = rigFor(ROUTES);
    const result = await gate.authorize({ method: 'GET', headers: SENDERS.admin, ...at('/admin/x') });
    const name = { from: `https://${HOST}`, name: 'admin' };
    assert.deepEqual(result.type === 'allow' ? result.identity?.route : undefined, name);
    assert.deepInclude(events[0], { type: 'assertion_verified', route: 'admin' });
  });

  test('keeps every answer out of shared caches, also those to nobody', async () => {
    const { gate } = rigFor(ROUTES);
    for (const headers of [SENDERS.alice, SENDERS.anonymous]) {
      const result = await gate.authorize({ method: 'GET', headers, ...at('/public') });
      assert.isTrue(result.type === 'allow' && !result.isForAnybody);
    }
    assert.deepEqual(
      gate.answerHeaders(() => null),
      [
        ['vary', ASSERTION],
        ['cache-control', 'private, no-cache'],
      ],
    );
  });

  test('forwards nothing of nobody, and no header that overrides path or method', async () => {
    const { gate } = rigFor(ROUTES, { claimHeaders: ['department'] });
    const result = await gate.authorize({ method: 'GET', headers: SENDERS.anonymous, ...at('/public') });
    const { keeps, added } = result.type === 'allow' ? result.headers : assert.fail();
    assert.deepEqual(added, []);
    for (const name of [ASSERTION, 'x-pomerium-claim-email', 'x-original-url', 'x-http-method-override']) {
      assert.isFalse(keeps(name, 'x'), name);
    }
  });

  test('lets nobody pass a policy of a place, which is for somebody', async () => {
    const anybody = compilePolicy({ allow: { or: [{ accept: true }] } });
    const rig = rigFor(ROUTES);
    assert.equal(await rig.ask({ headers: SENDERS.anonymous, ...at('/public') }, { policy: anybody }), 'anonymous');
    assert.deepEqual(eventNames(rig.events), ['anonymous']);
    assert.match(JSON.stringify(rig.events), /a policy of this place is for somebody.*somebody who is signed in/);
    const noSubject = { [ASSERTION]: await sign(key, { sub: '', user: 'u-alice' }) };
    assert.equal(await rig.ask({ headers: noSubject, ...at('/public') }, { policy: anybody }), 'anonymous');
    assert.equal(await rig.ask({ headers: SENDERS.alice, ...at('/public') }, { policy: anybody }), 'u-alice');
    const admins = compilePolicy(ADMINS);
    assert.equal(await rig.ask({ headers: SENDERS.alice, ...at('/public') }, { policy: admins }), 'policy_denied');
  });
});

describe('several hosts behind one gate', () => {
  const OTHER = 'other.corp.example.com';
  const APPS = '*.apps.corp.example.com';
  const routes = [route(HOST, {}, forSomebody), route(OTHER, {}, forAdmins), route(APPS, {}, forSomebody)];
  const signFor = (host: string, claims: object = {}) => sign(key, { aud: host, iss: host, ...claims });
  const cases: [name: string, host: string, url: string, headers: Record<string, string>, answer: string][] = [
    ['an assertion for the open one', HOST, 'https://origin.internal/', {}, 'u-alice'],
    [
      'an assertion for the closed one, of somebody whom it refuses',
      OTHER,
      'https://origin.internal/',
      {},
      'policy_denied',
    ],
    ['an assertion for the open one at the closed one’s URL', HOST, `https://${OTHER}/`, {}, 'audience_mismatch'],
    ['an assertion for the open one with the closed one’s Host', HOST, '/', { host: OTHER }, 'audience_mismatch'],
    ['its case and port do not help', HOST, '/', { host: 'OTHER.corp.example.com:8443' }, 'audience_mismatch'],
    ['a host that a wildcard takes', 'new.apps.corp.example.com', '/', {}, 'u-alice'],
    [
      'an assertion for one of these at another',
      'a.apps.corp.example.com',
      'https://b.apps.corp.example.com/',
      {},
      'audience_mismatch',
    ],
    ['an assertion for what no route is for', 'evil.example.com', '/', {}, 'audience_mismatch'],
    ['the wildcard itself', APPS, '/', {}, 'audience_mismatch'],
  ];
  for (const [name, host, url, more, answer] of cases) {
    test(`${name}: ${answer}`, async () => {
      const headers = { [ASSERTION]: await signFor(host), ...more };
      assert.equal(await rigFor(routes).ask({ url, headers }), answer);
    });
  }

  test('with a wildcard the environment must say where the keys are', async () => {
    const { url } = await Origin.start(jwksAnswer(jwks(key)));
    const headers = { [ASSERTION]: await signFor('new.apps.corp.example.com') };
    const without = rigFor(routes, {}, { POMERIUM_JWKS: undefined });
    assert.equal(await without.ask({ headers, url: '/' }), 'invalid_configuration');
    const { message } = JSON.parse(String(without.lines[0]?.line));
    assert.match(message, /"\*\.apps\.corp\.example\.com", from which no JWKS URL can be made; .*POMERIUM_JWKS_URL/);
    const withUrl = rigFor(routes, {}, { POMERIUM_JWKS: undefined, POMERIUM_JWKS_URL: url });
    assert.equal(await withUrl.ask({ headers, url: '/' }), 'u-alice');
  });

  test('without one they are fetched at the first host, never at one that a token or a request names', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      asked.push(String(input));
      return Response.json(jwks(key));
    };
    const rig = makeGateRig(
      { routes: [route(OTHER, {}, forSomebody), route(HOST, {}, forSomebody)] },
      { env: { POMERIUM_AUDIENCE: undefined, POMERIUM_JWKS: undefined }, keys: { fetch } },
    );
    assert.equal(await rig.ask({ headers: SENDERS.alice, url: `https://${HOST}/` }), 'u-alice');
    assert.deepEqual(asked, [`https://${OTHER}/.well-known/pomerium/jwks.json`]);
  });
});

describe('where the platform shows a request otherwise than Pomerium sent it, routes are asked about the latter', () => {
  const prod = [
    route(HOST, { prefix: '/prod/admin' }, forAdmins),
    route(HOST, { prefix: '/prod/' }, forSomebody),
    route(
      HOST,
      { path: '/named' },
      { policy: [{ allow: { and: [{ authenticated_user: true }, { http_path: '/named' }] } }] },
    ),
  ];
  const cases: [name: string, request: Partial<GateRequest>, sender: Sender, answer: string][] = [
    ['without that, there is no route', { url: '/admin/x' }, 'admin', 'policy_denied'],
    ['the target', { url: '/admin/x', sent: { targets: ['/prod/admin/x'] } }, 'alice', 'policy_denied'],
    ['the target', { url: '/admin/x', sent: { targets: ['/prod/admin/x'] } }, 'admin', 'u-admin'],
    ['the target', { url: '/x', sent: { targets: ['/prod/x'] } }, 'alice', 'u-alice'],
    [
      'one of several, all of them',
      { url: '/x', sent: { targets: ['/prod/x', '/prod/admin'] } },
      'alice',
      'policy_denied',
    ],
    [
      'one of several, where only one is for a route',
      { url: '/x', sent: { targets: ['/x', '/prod/x'] } },
      'alice',
      'u-alice',
    ],
    ['one of several, of which none is', { url: '/prod/x', sent: { targets: ['/x', '/y'] } }, 'admin', 'policy_denied'],
    ['spellings of one path', { url: '/', sent: { targets: ['/named', '/n%61med'] } }, 'alice', 'u-alice'],
    [
      'a path beside one that Envoy refuses',
      { url: '/', sent: { targets: ['/named', '/n%2famed'] } },
      'alice',
      'u-alice',
    ],
    [
      'an alias, too',
      { url: '/x', sent: { targets: ['/prod/x'], aliases: ['/prod/admin'] } },
      'alice',
      'policy_denied',
    ],
    [
      'an alias that no route is for',
      { url: '/x', sent: { targets: ['/prod/x'], aliases: ['/y'] } },
      'alice',
      'u-alice',
    ],
    [
      'an alias that the request has by itself, where it was not sent otherwise',
      { url: '/x', aliases: ['/prod/admin'], sent: { targets: ['/prod/x'] } },
      'alice',
      'policy_denied',
    ],
    [
      'an alias as it was sent instead of that which the request has',
      { url: '/x', aliases: ['/prod/admin'], sent: { targets: ['/prod/x'], aliases: [] } },
      'alice',
      'u-alice',
    ],
    ['an alias is no target', { url: '/x', sent: { targets: ['/y'], aliases: ['/prod/x'] } }, 'admin', 'policy_denied'],
    [
      'a target that servers read in two ways',
      { url: '/x', sent: { targets: ['/prod//x'] } },
      'admin',
      'policy_denied',
    ],
  ];
  for (const [name, request, sender, answer] of cases) {
    test(`${name}, for ${sender}: ${answer} ${JSON.stringify(request.sent ?? '')}`, async () => {
      assert.equal(await rigFor(prod).ask({ headers: SENDERS[sender], ...request }), answer);
    });
  }

  test('and the policy of a place about the path that the service sees', async () => {
    const policy = compilePolicy({ allow: { or: [{ http_path: '/x' }] } });
    const ask = (request: Partial<GateRequest>) =>
      rigFor(prod).ask({ headers: SENDERS.alice, ...request, sent: { targets: ['/prod/x'] } }, { policy });
    assert.equal(await ask({ url: '/x' }), 'u-alice');
    assert.equal(await ask({ url: '/prod/x' }), 'policy_denied');
    assert.equal(await ask({ url: '/x', aliases: ['/x'] }), 'policy_denied', 'it can be asked about one path only');
  });

  test('and without a URL about none, where they differ by path: that is a mistake of whoever asks', async () => {
    const request = { headers: SENDERS.admin, url: undefined, aliases: ['/public/x'] };
    assert.equal(await rigFor(ROUTES).ask(request), 'invalid_configuration');
    const everywhere = [route(HOST, { prefix: '/admin' }, forAdmins), route(HOST, {}, forSomebody)];
    assert.equal(await rigFor(everywhere).ask(request), 'u-admin');
    assert.equal(await rigFor(everywhere).ask({ ...request, headers: SENDERS.alice }), 'policy_denied');
  });

  test('where it does not, about the port that it names, too', async () => {
    const byPort = [route(HOST, {}, forSomebody), route(`${HOST}:8443`, {}, forAdmins)];
    const ask = (url: string, host = {}) => rigFor(byPort).ask({ headers: { ...SENDERS.alice, ...host }, url });
    assert.equal(await ask(`${ORIGIN}/`), 'u-alice');
    assert.equal(await ask(`${ORIGIN}:8443/`), 'policy_denied');
    for (const names of [['host'], [':authority'], ['host', ':authority']]) {
      const named = (host: string) => Object.fromEntries(names.map((name) => [name, host]));
      assert.equal(await ask('/', named(HOST)), 'u-alice', `${names}`);
      assert.equal(await ask('/', named(`${HOST}:8443`)), 'policy_denied', `${names}`);
    }
  });

  test('an image is for whom the copy and the image are', async () => {
    const routes = [route(HOST, { prefix: '/_next/' }, forSomebody), ...ROUTES];
    const ask = (image: string, sender: Sender) =>
      rigFor(routes).ask({ headers: SENDERS[sender], ...at(`/_next/image?url=${encodeURIComponent(image)}&w=64`) });
    assert.equal(await ask('/public/logo.png', 'alice'), 'u-alice');
    assert.equal(await ask('/admin/secret.png', 'alice'), 'policy_denied');
    assert.equal(await ask('/admin/secret.png', 'admin'), 'u-admin');
    assert.equal(await ask('https://cdn.example.com/admin/x.png', 'alice'), 'policy_denied');
    assert.equal(await ask('https://cdn.example.com/x.png', 'alice'), 'u-alice');
    assert.equal(
      await rigFor(ROUTES).ask({ headers: SENDERS.admin, ...at('/_next/image?url=/public/x') }),
      'policy_denied',
    );
    assert.equal(await ask('/nowhere/x.png', 'admin'), 'policy_denied', 'no route leads to the image');
    assert.equal(
      await ask('https://cdn.example.com/nowhere/x.png', 'alice'),
      'u-alice',
      'it is no path of this service',
    );
  });

  test('without routes it is not looked at', async () => {
    const policy = compilePolicy({ allow: { or: [{ http_path: '/x' }] } });
    const request = { url: '/x', sent: { targets: ['/prod/x'] }, headers: SENDERS.alice };
    assert.equal(await makeGateRig({ policy }).ask(request), 'u-alice');
  });
});

describe('behind a gate, where no path is known', () => {
  const BEHIND: GateContext = { isBehindGate: true };
  const ask = async (routes: object, sender: Sender, context: GateContext = BEHIND) => {
    const rig = rigFor(routes);
    const answer = await rig.ask({ url: undefined, headers: SENDERS[sender] }, context);
    return [answer, ...eventNames(rig.events)];
  };
  const isPublic = [route(HOST, { prefix: '/public' }, forAnybody), route(HOST, { prefix: '/admin' }, forAdmins)];
  const isClosed = [route(HOST, { prefix: '/admin' }, forAdmins)];
  const asksMethod = [route(HOST, {}, { policy: [{ allow: { and: [{ http_method: 'GET' }, { http_path: '/x' }] } }] })];
  const cases: [name: string, routes: object, sender: Sender, seen: string[]][] = [
    ['one route lets Alice through', isPublic, 'alice', ['u-alice', 'verified']],
    ['no route lets Alice through', isClosed, 'alice', ['policy_denied', 'policy_denied']],
    ['an admin', isClosed, 'admin', ['u-admin', 'verified']],
    ['what depends on the request was for the gate before', asksMethod, 'alice', ['u-alice', 'verified']],
    ['nobody is no refusal', isClosed, 'nobody', ['nobody']],
    ['nor is an assertion for nobody', isClosed, 'anonymous', ['nobody']],
    ['nor on a public route', isPublic, 'anonymous', ['nobody', 'verified']],
    ['a bad assertion is refused', isPublic, 'expired', ['expired', 'expired']],
  ];
  for (const [name, routes, sender, seen] of cases) {
    test(`${name}: ${seen}`, async () => assert.deepEqual(await ask(routes, sender), seen));
  }

  test('a policy of the place lets nobody without an identity through', async () => {
    const policy = compilePolicy({ allow: { or: [{ accept: true }] } });
    const context = { ...BEHIND, policy };
    assert.deepEqual(await ask(isPublic, 'nobody', context), ['missing_assertion', 'missing_assertion']);
    assert.deepEqual(await ask(isPublic, 'anonymous', context), ['anonymous', 'anonymous']);
    assert.deepEqual(await ask(isPublic, 'alice', context), ['u-alice', 'verified']);
  });

  test('without routes, too, a request without an assertion passes for nobody, and an assertion is verified', async () => {
    const rig = makeGateRig();
    for (const headers of [{}, SENDERS.anonymous]) assert.equal(await rig.ask({ headers }, BEHIND), 'nobody');
    assert.deepEqual(rig.events, []);
    assert.equal(await rig.ask({ headers: SENDERS.alice }, BEHIND), 'u-alice');
    assert.equal(await rig.ask({ headers: SENDERS.expired }, BEHIND), 'expired');
  });

  test('by which route somebody came is not said', async () => {
    const { gate } = rigFor(isPublic);
    const result = await gate.authorize({ headers: SENDERS.alice }, BEHIND);
    assert.isTrue(result.type === 'allow' && result.identity !== undefined && result.identity.route === undefined);
  });
});

describe('the page of a refusal leads', () => {
  const refused = new PomeriumError('missing_assertion', 'x');
  const linkOf = async (rig: GateRig) => {
    const request = { method: 'GET', url: 'https://edge.example/x?y=1', headers: { accept: 'text/html' } };
    const page = await (await rig.gate.refuse(refused, request, new Request('https://edge.example/'))).text();
    return /href="([^"]*)"/.exec(page)?.[1];
  };
  const WILDCARD = 'https://*.apps.corp.example.com';
  const to = { to: 'http://app', ...forSomebody };
  const cases: [name: string, routes: object, hosts: string[] | undefined, link: string][] = [
    ['to the only host', [{ from: ORIGIN, ...to }], undefined, `${ORIGIN}/x?y=1`],
    ['to its port', [{ from: `${ORIGIN}:8443`, ...to }], undefined, `${ORIGIN}:8443/x?y=1`],
    ['by https, where the route says http', [{ from: `http://${HOST}`, ...to }], undefined, `${ORIGIN}/x?y=1`],
    [
      'nowhere of two hosts',
      [
        { from: ORIGIN, ...to },
        { from: 'https://b.example.com', ...to },
      ],
      undefined,
      '',
    ],
    [
      'nowhere of two ports',
      [
        { from: ORIGIN, ...to },
        { from: `${ORIGIN}:8443`, ...to },
      ],
      undefined,
      '',
    ],
    ['nowhere of a wildcard', [{ from: WILDCARD, ...to }], undefined, ''],
    [
      'nowhere of a host and a wildcard',
      [
        { from: ORIGIN, ...to },
        { from: WILDCARD, ...to },
      ],
      undefined,
      '',
    ],
    [
      'to the one that is wanted',
      [
        { from: ORIGIN, ...to },
        { from: 'https://b.example.com:8443', ...to },
      ],
      [HOST],
      `${ORIGIN}/x?y=1`,
    ],
    [
      'to the one that is wanted of a wildcard',
      [{ from: WILDCARD, ...to }],
      ['a.apps.corp.example.com'],
      'https://a.apps.corp.example.com/x?y=1',
    ],
  ];
  for (const [name, routes, hosts, link] of cases) {
    test(name, async () => assert.equal(await linkOf(rigFor(compileRoutes(routes, { hosts }))), link));
  }
});
