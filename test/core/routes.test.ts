import { assert, describe, test } from 'vitest';
import { type Ask, compiled, outcomeOf, route } from '../support/judged-routes.ts';

const APP = 'https://app.corp.example.com';
const at = (name: string, settings: object) => route(name, APP, settings);

/** What Alice is answered at these URLs, or at these paths of the host: the route's name, or the code of a refusal. */
type Rule = [rule: string, configuration: object, answers: Record<string, string>];

function check(rules: readonly Rule[], ask: Partial<Ask> = {}): void {
  for (const [rule, configuration, answers] of rules) {
    test(rule, () => {
      const routes = compiled(configuration);
      const seen = Object.keys(answers).map((url) => {
        return [url, outcomeOf(routes, { url: url.startsWith('/') ? APP + url : url, ...ask })];
      });
      assert.deepEqual(Object.fromEntries(seen), answers);
    });
  }
}

describe('the order:', () => {
  check([
    [
      'the first that fits, as the file has them',
      [at('all', { prefix: '/' }), at('admin', { prefix: '/admin' })],
      { '/': 'all', '/admin': 'all' },
    ],
    [
      'the narrow one first',
      [at('admin', { prefix: '/admin' }), at('all', {})],
      { '/': 'all', '/admin/x': 'admin', '/adm': 'all' },
    ],
    [
      'no longest prefix, and no regex_priority_order',
      [
        at('a', { regex: '/a.*', regex_priority_order: 1 }),
        at('b', { regex: '/ab.*', regex_priority_order: 9 }),
        at('c', { prefix: '/abc' }),
      ],
      { '/abc': 'a' },
    ],
    [
      'policy before routes',
      { routes: [at('new', {})], policy: [at('old', { prefix: '/old' })] },
      { '/old': 'old', '/': 'new' },
    ],
    [
      'of two for the same paths only the first is met',
      [at('one', { to: 'http://a' }), at('two', { to: 'http://b', allow_any_authenticated_user: false })],
      { '/': 'one' },
    ],
    [
      'two redirects, or two responses, are two routes',
      [
        at('a', { path: '/a', redirect: { host_redirect: 'a.example.com' } }),
        at('b', { path: '/a', redirect: { host_redirect: 'b.example.com' } }),
        at('c', { path: '/c', response: { status: 404 } }),
        at('d', { path: '/c', response: { status: 410 } }),
        at('all', {}),
      ],
      { '/a': 'policy_denied', '/c': 'policy_denied', '/': 'all' },
    ],
  ]);
});

describe('the host:', () => {
  check([
    [
      'an exact one hides all wildcards, for paths that it has no route for, too',
      [
        route('wild', 'https://*.corp.example.com'),
        route('shop', 'https://shop.corp.example.com', { prefix: '/cart' }),
      ],
      {
        'https://shop.corp.example.com/cart': 'shop',
        'https://shop.corp.example.com/other': 'policy_denied',
        'https://x.corp.example.com/other': 'wild',
      },
    ],
    [
      'an exact one counts without case',
      [route('app', 'https://App.Corp.example.com')],
      { 'https://app.corp.example.com/': 'app', 'https://APP.corp.EXAMPLE.com/': 'app' },
    ],
    [
      'a wildcard counts with case',
      [route('wild', 'https://*.corp.example.com')],
      { 'https://a.corp.example.com/': 'wild', 'https://a.CORP.example.com/': 'audience_mismatch' },
    ],
    [
      'a * is any text: several labels, or none',
      [route('wild', 'https://*.apps.corp.example.com')],
      {
        'https://a.b.apps.corp.example.com/': 'wild',
        'https://.apps.corp.example.com/': 'wild',
        'https://apps.corp.example.com/': 'audience_mismatch',
        'https://xapps.corp.example.com/': 'audience_mismatch',
      },
    ],
    [
      'a * in the middle, and behind other text',
      [route('middle', 'https://a.*.example.com'), route('behind', 'https://b-*.example.com')],
      {
        'https://a.x.y.example.com/': 'middle',
        'https://a..example.com/': 'middle',
        'https://a.example.com/': 'audience_mismatch',
        'https://b-x.example.com/': 'behind',
        'https://b-.example.com/': 'behind',
        'https://b.example.com/': 'audience_mismatch',
      },
    ],
    [
      'two *, which do not share text',
      [route('two', 'https://a*ab*b.example.com')],
      { 'https://aabb.example.com/': 'two', 'https://ab.example.com/': 'audience_mismatch' },
    ],
    [
      'several *, of which none shares text with another or with the end',
      [route('end', 'https://*ab*b.example.com'), route('twice', 'https://*xy*xy*.example.com')],
      {
        'https://xab.example.com/': 'audience_mismatch',
        'https://abb.example.com/': 'end',
        'https://xy.example.com/': 'audience_mismatch',
        'https://xyxy.example.com/': 'twice',
        'https://axybxyc.example.com/': 'twice',
      },
    ],
    [
      'a tunnel with only a slash is for its own host',
      [route('tunnel', 'tcp+https://db.corp.example.com:5432/'), route('wild', 'https://*.corp.example.com')],
      { 'https://db.corp.example.com:5432/': 'policy_denied', 'https://db.corp.example.com/': 'wild' },
    ],
    ['a to may have any scheme of a URL', [route('h2c', APP, { to: 'h2c://app.internal:8080' })], { '/': 'h2c' }],
    [
      'a * alone takes all that have no exact one',
      [route('all', 'https://*'), route('app', APP, { path: '/app' })],
      { 'https://x.test/': 'all', '/app': 'app', '/': 'policy_denied' },
    ],
    [
      'all wildcards are one list',
      [
        route('b', 'https://*.b.example.com', { prefix: '/b' }),
        route('all', 'https://*.example.com', { prefix: '/' }),
        route('late', 'https://*.b.example.com', { prefix: '/late' }),
      ],
      { 'https://a.b.example.com/b': 'b', 'https://a.b.example.com/late': 'all', 'https://a.c.example.com/b': 'all' },
    ],
    [
      'a dot at the end makes it another',
      [route('app', APP), route('dot', 'https://dot.example.com.')],
      {
        'https://app.corp.example.com./': 'audience_mismatch',
        'https://dot.example.com./': 'dot',
        'https://dot.example.com/': 'audience_mismatch',
      },
    ],
    [
      'an IPv6 address is never met',
      [route('six', 'https://[::1]'), route('app', APP)],
      { 'https://[::1]/': 'audience_mismatch' },
    ],
    ['http is https', [route('plain', 'http://app.corp.example.com')], { '/': 'plain' }],
    ['a slash and a query do not count', [route('app', `${APP}/?x=1`)], { '/': 'app', '/x': 'app' }],
    [
      'one without any route',
      [route('app', APP)],
      { 'https://other.corp.example.com/': 'audience_mismatch', 'https://corp.example.com/': 'audience_mismatch' },
    ],
    [
      'a tunnel is no route for HTTP, and its host and port are an exact one',
      [
        route('tunnel', 'tcp+https://app.corp.example.com:8443'),
        route('path', 'UDP+https://proxy.example.com/db.corp.example.com:5432'),
        route('tcp', 'tcp+https://proxy.example.com/tcp.corp.example.com:22'),
        route('ssh', 'ssh://ssh.corp.example.com'),
        route('app', APP),
        route('wild', 'https://*.corp.example.com'),
      ],
      {
        '/': 'app',
        'https://app.corp.example.com:8443/': 'policy_denied',
        'https://db.corp.example.com:5432/': 'policy_denied',
        'https://db.corp.example.com/': 'wild',
        'https://tcp.corp.example.com:22/': 'policy_denied',
        'https://ssh.corp.example.com/': 'wild',
      },
    ],
    [
      'a tunnel does not hide a route for HTTP of the same host and port',
      [route('tunnel', `tcp+${APP}:8443`), route('8443', `${APP}:8443`)],
      { 'https://app.corp.example.com:8443/': '8443' },
    ],
  ]);
});

describe('the port:', () => {
  check([
    [
      'one of its own before any, and 443 is none',
      [route('8443', `${APP}:8443`, { prefix: '/a' }), route('any', APP), route('443', 'https://b.example.com:443')],
      {
        'https://app.corp.example.com:8443/a': '8443',
        'https://app.corp.example.com:8443/b': 'policy_denied',
        'https://app.corp.example.com:9999/a': 'any',
        'https://app.corp.example.com:443/a': 'any',
        '/a': 'any',
        'https://b.example.com:9999/': '443',
      },
    ],
    [
      'the default one of its scheme is none, and that of another is one',
      [
        route('http', 'http://a.example.com:80'),
        route('HTTP', 'HTTP://b.example.com:80'),
        route('empty', 'https://c.example.com:'),
        route('other', 'http://d.example.com:443'),
        route('another', 'https://e.example.com:80'),
      ],
      {
        'https://a.example.com/': 'http',
        'https://a.example.com:9999/': 'http',
        'https://b.example.com:9999/': 'HTTP',
        'https://c.example.com:9999/': 'empty',
        'https://e.example.com:80/': 'another',
        'https://e.example.com:9999/': 'policy_denied',
        'https://d.example.com:9999/': 'policy_denied',
        'https://d.example.com/': 'policy_denied',
      },
    ],
    [
      'a host with one only is met by that',
      [route('8443', `${APP}:8443`)],
      { 'https://app.corp.example.com:8443/': '8443', '/': 'policy_denied' },
    ],
    [
      'a wildcard without one takes any, one with it only that',
      [route('8443', 'https://*.example.com:8443'), route('any', 'https://*.a.example.com')],
      {
        'https://x.a.example.com:8443/': '8443',
        'https://x.a.example.com:9999/': 'any',
        'https://x.a.example.com/': 'any',
        'https://x.b.example.com/': 'policy_denied',
      },
    ],
  ]);
});

describe('the path:', () => {
  check([
    [
      'of several settings regex counts before path, and that before prefix',
      [
        at('regex', { regex: '/r', path: '/p', prefix: '/q' }),
        at('path', { path: '/p', prefix: '/q' }),
        at('prefix', { prefix: '/q' }),
      ],
      { '/r': 'regex', '/p': 'path', '/q': 'prefix', '/p/': 'policy_denied' },
    ],
    ['an empty one is none', [at('all', { prefix: '', path: '', regex: '' })], { '/': 'all', '/x': 'all' }],
    [
      'a prefix is text, with case',
      [at('admin', { prefix: '/admin' })],
      {
        '/admin': 'admin',
        '/administrator': 'admin',
        '/admin;x': 'admin',
        '/admin/x?y=/': 'admin',
        '/Admin': 'policy_denied',
        '/x/admin': 'policy_denied',
        '/?x=/admin': 'policy_denied',
      },
    ],
    [
      'a path is equal',
      [at('admin', { path: '/admin' })],
      { '/admin': 'admin', '/admin?x': 'admin', '/admin/': 'policy_denied', '/ADMIN': 'policy_denied' },
    ],
    [
      'a regex takes the whole path, and its alternatives are one group',
      [at('regex', { regex: '/a|/b[0-9]+' })],
      { '/a': 'regex', '/b12': 'regex', '/ab1': 'policy_denied', '/a/': 'policy_denied', '/A': 'policy_denied' },
    ],
    [
      'escapes that need not be are undone, others stay',
      [at('admin', { prefix: '/admin' }), at('space', { prefix: '/a%20b' }), at('plus', { path: '/%2B' })],
      {
        '/%61dmin': 'admin',
        '/%61%64min/x': 'admin',
        '/a%20b': 'space',
        '/a%20b/c': 'space',
        '/%2B': 'plus',
        '/+': 'policy_denied',
        '/%2b': 'policy_denied',
      },
    ],
    [
      'what Envoy never sees is never met',
      [
        at('space', { prefix: '/a b' }),
        at('letter', { prefix: '/é' }),
        at('slashes', { prefix: '/x//y' }),
        at('query', { path: '/p?x=1' }),
        at('relative', { prefix: 'admin' }),
      ],
      {
        '/a%20b': 'policy_denied',
        '/%C3%A9': 'policy_denied',
        '/x/y': 'policy_denied',
        '/p?x=1': 'policy_denied',
        '/admin': 'policy_denied',
      },
    ],
    [
      'one that servers read in different ways, where routes differ by path',
      [at('admin', { prefix: '/admin' }), at('all', { prefix: '/', policy: [{ deny: { or: [{ reject: true }] } }] })],
      { '/x/../admin': 'allowed', '//admin': 'allowed', '/%2e%2e/x': 'allowed' },
    ],
    [
      'the same, where one of them refuses',
      [at('admin', { prefix: '/admin', allow_any_authenticated_user: false }), at('all', {})],
      {
        '/x/../admin': 'policy_denied',
        '//admin': 'policy_denied',
        '/x': 'all',
        '/admin%2Fx': 'policy_denied',
        '/a\\b': 'policy_denied',
        '/%252e': 'policy_denied',
        '/%zz': 'policy_denied',
      },
    ],
    [
      'the same, where some path has no route, or ends at Pomerium',
      { routes: [at('admin', { prefix: '/admin' }), at('x', { prefix: '/x' }), route('b', 'https://b.example.com')] },
      { '//admin': 'policy_denied', 'https://b.example.com//x': 'b' },
    ],
    [
      'the same, where a redirect is among them',
      [at('moved', { prefix: '/moved', redirect: { path_redirect: '/' } }), at('all', {})],
      { '//x': 'policy_denied', '/moved': 'policy_denied', '/x': 'all' },
    ],
    [
      'the same, where only a path or a regex of / is for all',
      { routes: [at('path', { path: '/' }), route('regex', 'https://b.example.com', { regex: '/' })] },
      { '/': 'path', '//x': 'policy_denied', 'https://b.example.com//x': 'policy_denied' },
    ],
    [
      'the same, where they sign in two formats: the open one does not speak for the closed one',
      [
        at('open', { prefix: '/open' }),
        at('closed', { jwt_issuer_format: 'uri', allow_any_authenticated_user: false }),
      ],
      { '/open': 'open', '//closed': 'policy_denied' },
    ],
    [
      'an escaped slash, backslash or NUL is answered by Envoy',
      [at('all', {})],
      { '/a%2Fb': 'policy_denied', '/a%5cb': 'policy_denied', '/a%00': 'policy_denied', '//b': 'all' },
    ],
    [
      'the same, where a regex takes any text',
      [at('any', { regex: '.*' })],
      { '/a%2Fb': 'policy_denied', '/a%00': 'policy_denied', '/x': 'any' },
    ],
    ...['keep_unchanged', 'UNESCAPE_AND_FORWARD'].map(
      (action): Rule => [
        `an escaped slash with path_with_escaped_slashes_action: ${action}`,
        { path_with_escaped_slashes_action: action, routes: [at('all', {})] },
        { '/a%2Fb': 'all', '/a%00': 'policy_denied' },
      ],
    ),
    [
      'an escaped slash that Envoy redirects',
      { path_with_escaped_slashes_action: 'unescape_and_redirect', routes: [at('all', {})] },
      { '/a%2Fb': 'policy_denied' },
    ],
    [
      'normalize_path: false leaves all escapes',
      { normalize_path: false, routes: [at('admin', { prefix: '/admin' }), at('escaped', { prefix: '/%61' })] },
      { '/%61dmin': 'escaped', '/admin': 'admin' },
    ],
  ]);
});

describe('what Pomerium answers itself, on every host:', () => {
  const mine = ['/ping', '/healthz', '/.pomerium', '/.pomerium/', '/.pomerium/jwt', '/.well-known/pomerium'];
  const refused = Object.fromEntries(
    [...mine, '/.well-known/pomerium/jwks.json'].map((path) => [path, 'policy_denied']),
  );
  const authenticate = 'https://authenticate.corp.example.com';
  check([
    ['its own paths', [at('all', {})], refused],
    ['also where a route is for just that', [at('ping', { path: '/ping' })], { '/ping': 'policy_denied' }],
    [
      'not what only begins alike',
      [at('all', {})],
      { '/.pomeriumx': 'all', '/.well-known/other': 'all', '/ping/': 'all', '/pingx': 'all', '/robots.txt': 'all' },
    ],
    [
      'nor what only ends alike',
      {
        authenticate_service_url: authenticate,
        routes: [route('auth', authenticate), at('mcp', { mcp: { server: {} } })],
      },
      {
        '/x/ping': 'mcp',
        '/x/.pomerium/jwt': 'mcp',
        '/x/.well-known/oauth-protected-resource': 'mcp',
        [`${authenticate}/x/`]: 'auth',
        [`${authenticate}/x/robots.txt`]: 'auth',
      },
    ],
    [
      'those of its sign-in, on that host',
      { authenticate_service_url: authenticate, routes: [route('auth', authenticate), at('all', {})] },
      {
        [`${authenticate}/`]: 'policy_denied',
        [`${authenticate}/oauth2/callback`]: 'policy_denied',
        [`${authenticate}/robots.txt`]: 'policy_denied',
        [`${authenticate}/x`]: 'auth',
        '/': 'all',
        '/oauth2/callback': 'all',
      },
    ],
    ...[
      'HTTPS://Authenticate.corp.example.com',
      `${authenticate}:8443/x`,
      `${authenticate}?x`,
      `${authenticate}#x`,
    ].map(
      (url): Rule => [
        `those of its sign-in, by ${url}`,
        { authenticate_service_url: url, routes: [route('auth', authenticate)] },
        { [`${authenticate}/`]: 'policy_denied', [`${authenticate}/x`]: 'auth' },
      ],
    ),
    ...['all', 'ALL', 'proxy, Authenticate', 'authenticate,authorize'].map(
      (services): Rule => [
        `those of its sign-in, with services: ${services}`,
        { authenticate_service_url: authenticate, services, routes: [route('auth', authenticate), at('all', {})] },
        { [`${authenticate}/`]: 'policy_denied', [`${authenticate}/x`]: 'auth' },
      ],
    ),
    ...['proxy', 'proxy,authorize', 'small', 'alls'].map(
      (services): Rule => [
        `those of another’s sign-in, with services: ${services}`,
        { authenticate_service_url: authenticate, services, routes: [route('auth', authenticate), at('all', {})] },
        { [`${authenticate}/x`]: 'audience_mismatch' },
      ],
    ),
    [
      'and on that of the internal URL',
      {
        authenticate_service_url: 'https://login.example.com',
        authenticate_internal_service_url: authenticate,
        routes: [route('auth', authenticate)],
      },
      { [`${authenticate}/`]: 'policy_denied', [`${authenticate}/x`]: 'auth' },
    ],
    [
      'the host of the sign-in is an exact one',
      { authenticate_service_url: authenticate, routes: [route('wild', 'https://*.corp.example.com')] },
      { [`${authenticate}/x`]: 'audience_mismatch', 'https://x.corp.example.com/': 'wild' },
    ],
    [
      'in front of another Pomerium’s sign-in nothing is checked, and no assertion is for it',
      {
        authenticate_service_url: authenticate,
        services: 'proxy',
        routes: [route('auth', authenticate), at('all', {})],
      },
      { [`${authenticate}/x`]: 'audience_mismatch', '/': 'all' },
    ],
    [
      'what clients of MCP ask for, on hosts with such a server',
      [at('mcp', { mcp: { server: {} } }), route('client', 'https://client.example.com', { mcp: { client: {} } })],
      {
        '/.well-known/oauth-authorization-server': 'policy_denied',
        '/.well-known/oauth-protected-resource': 'policy_denied',
        '/.well-known/oauth-protected-resource/x': 'policy_denied',
        '/.well-known/oauth-authorization-server/x': 'mcp',
        'https://client.example.com/.well-known/oauth-authorization-server': 'client',
      },
    ],
    [
      'the same, where one of several routes is such a server',
      [at('mcp', { prefix: '/mcp', mcp: { server: {} } }), at('all', {})],
      { '/.well-known/oauth-authorization-server': 'policy_denied', '/mcp': 'mcp', '/x': 'all' },
    ],
  ]);

  describe('OPTIONS', () => {
    check(
      [
        ['at a server of MCP', [at('mcp', { mcp: { server: {} } })], { '/': 'policy_denied', '//': 'policy_denied' }],
        [
          'with a path that may be such a server’s',
          [
            at('users', { regex: '/users/[0-9]+' }),
            at('mcp', { mcp: { server: {} }, allow_any_authenticated_user: false }),
          ],
          { '/users/7': 'users', '//users/7': 'policy_denied' },
        ],
      ],
      {
        method: 'OPTIONS',
      },
    );
    check([['elsewhere is a request as any', [at('all', {})], { '/': 'all' }]], { method: 'OPTIONS' });
  });

  check([
    [
      'redirects and responses, whatever their to',
      [
        at('moved', { prefix: '/moved', redirect: { https_redirect: true } }),
        at('gone', { prefix: '/gone', response: { status: 410 } }),
        at('all', {}),
      ],
      { '/moved/x': 'policy_denied', '/gone': 'policy_denied', '/': 'all' },
    ],
    [
      'a host that has nothing else',
      [route('moved', 'https://old.example.com', { redirect: { host_redirect: 'app' } }), at('all', {})],
      { 'https://old.example.com/': 'audience_mismatch' },
    ],
  ]);
});
