import { assert, describe, test } from 'vitest';
import type { JsonObject } from '../../../core/json.ts';
import vectors from '../../vectors/routes.json' with { type: 'json' };
import { refusalOf, routesOf, translate } from './translate.ts';

const BACKEND = 'backend: {service: {name: web, port: {number: 80}}}';

interface IngressParts {
  readonly annotations?: string;
  readonly metadata?: string;
  readonly host?: string;
  readonly paths?: string;
  readonly className?: string;
  readonly apiVersion?: string;
}

const path = (text: string, pathType = 'Prefix', backend = BACKEND) =>
  `{path: ${JSON.stringify(text)}, pathType: ${pathType}, ${backend}}`;

const ingress = ({
  annotations = '',
  metadata = 'name: web, namespace: shop',
  host = 'app.corp.example.com',
  paths = path('/'),
  className = 'pomerium',
  apiVersion = 'networking.k8s.io/v1',
}: IngressParts) => `
---
apiVersion: ${apiVersion}
kind: Ingress
metadata: {${metadata}, annotations: {${annotations}}}
spec:
  ingressClassName: ${className}
  rules:
    - host: ${host}
      http: {paths: [${paths}]}
`;
const note = (name: string, value: string) => `ingress.pomerium.io/${name}: ${JSON.stringify(value)}`;
const annotated = (name: string, value: string) => ingress({ annotations: note(name, value) });

/** What a request is matched by. */
const matches = ({ from, path, prefix, regex }: JsonObject) =>
  JSON.parse(JSON.stringify({ from, path, prefix, regex }));

describe('Ingress manifests become the routes that the ingress controller makes', () => {
  const recorded = vectors.configs.flatMap((config) => ('ingress' in config && config.ingress ? [config] : []));

  test('some are recorded', () => assert.isAbove(recorded.length, 1));

  for (const config of recorded) {
    test(`${config.id}: ${config.title}`, () => {
      const expected: readonly JsonObject[] = config.routes ?? [];
      assert.deepEqual(routesOf(config.ingress ?? '').map(matches), expected.map(matches));
    });
  }

  test('an annotation is a setting, lists of people are a sub-policy, and what decides nothing is left out', () => {
    const routes = routesOf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    cert-manager.io/cluster-issuer: letsencrypt-prod
    ingress.pomerium.io/name: Shop
    ingress.pomerium.io/allow_any_authenticated_user: "True"
    ingress.pomerium.io/pass_identity_headers: 'false'
    ingress.pomerium.io/allowed_users: '["bob@example.com"]'
    ingress.pomerium.io/allowed_domains: |
      - example.com
    ingress.pomerium.io/allowed_idp_claims: 'roles: [owner]'
    ingress.pomerium.io/policy: '{deny: {or: [{email: eve@example.com}]}}'
    ingress.pomerium.io/prefix_rewrite: /v2
    ingress.pomerium.io/set_request_headers: '{X-Jwt: "\${pomerium.jwt}", X-Port: 80}'
    ingress.pomerium.io/remove_request_headers: '[cookie]'
    ingress.pomerium.io/tls_downstream_client_ca_secret: clients
    ingress.pomerium.io/mcp_server_path: /mcp
    ingress.pomerium.io/secure_upstream: 'true'
    ingress.pomerium.io/timeout: 2m
    ingress.pomerium.io/cors_allow_preflight: ''
    ingress.pomerium.io/tls_client_secret: mine
spec:
  ingressClassName: pomerium
  tls: [{hosts: [app.corp.example.com], secretName: app-tls}]
  rules:
    - host: app.corp.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: web
                port:
                  name: http
`);
    assert.deepEqual(routes, [
      {
        name: 'Shop',
        from: 'https://app.corp.example.com',
        to: ['https://web.default.svc.cluster.local'],
        prefix: '/',
        allow_any_authenticated_user: true,
        pass_identity_headers: false,
        sub_policies: [
          {
            allowed_users: ['bob@example.com'],
            allowed_domains: ['example.com'],
            allowed_idp_claims: { roles: ['owner'] },
          },
        ],
        policy: { deny: { or: [{ email: 'eve@example.com' }] } },
        prefix_rewrite: '/v2',
        set_request_headers: { 'X-Jwt': `\${pomerium.jwt}`, 'X-Port': '80' },
        remove_request_headers: ['cookie'],
        tls_downstream_client_ca: 'clients',
        mcp: { server: {} },
      },
    ]);
  });

  test('public and allowed_users do not exclude each other, as they would in a file', () => {
    const annotations = `${note('allow_public_unauthenticated_access', 'true')}, ${note('allowed_users', '[a@example.com]')}`;
    const [route] = routesOf(ingress({ annotations }));
    assert.isTrue(route?.['allow_public_unauthenticated_access']);
    assert.notProperty(route, 'allowed_users');
  });

  test('a route without a name is called as Pomerium calls it in its logs', () => {
    assert.equal(routesOf(ingress({ paths: path('/a/b') }))[0]?.['name'], 'shop-web-app-corp-example-com-a-b');
  });

  test('routes are sorted as Pomerium sorts them: by from, then the last path, regex and prefix first, then the id', () => {
    const regex = note('path_regex', 'true');
    const manifests = [
      ingress({ host: 'b.example.com', metadata: 'name: z', paths: [path('/'), path('/é'), path('/z')].join() }),
      ingress({ host: 'b.example.com', metadata: 'name: b', paths: path('/') }),
      ingress({
        host: 'b.example.com',
        metadata: 'name: a-b',
        annotations: regex,
        paths: [path('^/(x|y)$', 'ImplementationSpecific'), path('/p'), path('/z', 'Exact')].join(),
      }),
      ingress({ host: 'a.example.com', metadata: 'name: c', paths: path('/api', 'ImplementationSpecific') }),
      ingress({ host: '"*.example.com"', metadata: 'name: d' }),
    ];
    const found = routesOf(manifests.join('')).map(({ from, path, regex, prefix }) =>
      [from, path ?? regex ?? prefix, path ? 'path' : regex ? 'regex' : 'prefix'].join(' '),
    );
    assert.deepEqual(found, [
      'https://*.example.com / prefix',
      'https://a.example.com /api prefix',
      'https://b.example.com /z path',
      'https://b.example.com ^/(x|y)$ regex',
      'https://b.example.com /é prefix',
      'https://b.example.com /z prefix',
      'https://b.example.com /p prefix',
      'https://b.example.com / prefix',
      'https://b.example.com / prefix',
    ]);
    const last = routesOf(manifests.join(''))
      .slice(-2)
      .map(({ name }) => name);
    assert.deepEqual(last, ['default-b-b-example-com', 'default-z-b-example-com']);
  });

  test('path_regex makes an expression of ImplementationSpecific paths only', () => {
    const annotations = note('path_regex', 'TRUE');
    const paths = [path('/a', 'ImplementationSpecific'), path('/b'), path('/c', 'Exact')].join();
    assert.deepEqual(routesOf(ingress({ annotations, paths })).map(matches), [
      { from: 'https://app.corp.example.com', path: '/c' },
      { from: 'https://app.corp.example.com', regex: '/a' },
      { from: 'https://app.corp.example.com', prefix: '/b' },
    ]);
  });

  test('no host is every host, where it is said to be meant', () => {
    const annotations = note('subtle_allow_empty_host', 'true');
    assert.equal(routesOf(ingress({ host: '', annotations }))[0]?.['from'], 'https://*');
  });

  test('a tunnel is for the port of its service, which a Service in the file may name', () => {
    const service =
      '\n---\n{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: {ports: [{name: pg, port: 5432}]}}';
    const paths = path('', 'ImplementationSpecific', 'backend: {service: {name: db, port: {name: pg}}}');
    const manifest = ingress({ annotations: note('tcp_upstream', 'true'), paths });
    assert.deepInclude(routesOf(manifest + service)[0], {
      from: 'tcp+https://app.corp.example.com:5432',
      to: ['tcp://db.shop.svc.cluster.local:5432'],
    });
    assert.match(refusalOf(manifest).message, /put the Service into this file/);
  });

  test('a default backend is for the host of the certificate', () => {
    const manifest = (hosts: string) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: pomerium
  tls: [{hosts: [${hosts}]}]
  defaultBackend: {service: {name: web, port: {number: 80}}}
`;
    assert.deepEqual(routesOf(manifest('app.corp.example.com')).map(matches), [
      { from: 'https://app.corp.example.com', prefix: '/' },
    ]);
    assert.match(refusalOf(manifest('a.example.com, b.example.com')).message, /exactly one tls/);
  });

  test('a challenge of cert-manager is public, whatever its annotations say', () => {
    const metadata = "name: solver, labels: {acme.cert-manager.io/http01-solver: 'true'}";
    const annotations = note('allowed_users', '[a@example.com]');
    assert.deepInclude(routesOf(ingress({ metadata, annotations }))[0], { allow_public_unauthenticated_access: true });
    assert.notProperty(routesOf(ingress({ metadata, annotations }))[0], 'sub_policies');
  });

  test('a list of kubectl is what is in it', () => {
    const json = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: { name: 'web', annotations: { 'ingress.pomerium.io/policy': '[]' } },
          spec: {
            rules: [
              {
                host: 'app.corp.example.com',
                http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web' } } }] },
              },
            ],
          },
        },
      ],
    });
    const { configuration, originOf } = translate(json);
    assert.deepInclude((configuration as JsonObject[])[0], { from: 'https://app.corp.example.com', policy: [] });
    assert.equal(originOf('[0].from'), '[0].items[0].spec.rules[0].host');
  });
});

describe('An Ingress that the controller or Kubernetes refuses is refused', () => {
  const refused: readonly (readonly [what: string, yaml: string, message: RegExp, path: RegExp])[] = [
    [
      'an unknown annotation',
      annotated('allowed_user', '[]'),
      /write ingress\.pomerium\.io\/allowed_users\./,
      /allowed_user$/,
    ],
    [
      'one in another spelling',
      annotated('passIdentityHeaders', 'true'),
      /write .*\/pass_identity_headers\./,
      /passId/,
    ],
    ['one that is nothing like ours', annotated('frobnicate', 'true'), /take it out/, /frobnicate/],
    [
      'allowed_groups',
      annotated('allowed_groups', '[admins]'),
      /write groups into the annotation policy/,
      /allowed_groups/,
    ],
    ['jwt_issuer_format', annotated('jwt_issuer_format', 'uri'), /refuses the annotation "jwt_issuer_format"/, /jwt/],
    [
      'a misspelt prefix',
      ingress({ annotations: 'ingress.pomerium.com/policy: "[]"' }),
      /write ingress\.pomerium\.io\/policy/,
      /com/,
    ],
    [
      'a prefix with a letter too few',
      ingress({ annotations: 'ingres.pomerium.io/policy: "[]"' }),
      /not read/,
      /ingres\./,
    ],
    [
      'a value that is no text',
      ingress({ annotations: 'ingress.pomerium.io/cors_allow_preflight: true' }),
      /write 'true' in quotes/,
      /cors/,
    ],
    [
      'a policy that is no text',
      ingress({ annotations: 'ingress.pomerium.io/policy: [{allow: {}}]' }),
      /put "\|" before it/,
      /policy/,
    ],
    ['a word for a boolean', annotated('allow_any_authenticated_user', 'yes'), /must be 'true' or 'false'/, /any/],
    ['a word for a list', annotated('allowed_users', 'bob@example.com'), /must be a list of text/, /allowed_users/],
    ['a number in a list of text', annotated('allowed_users', '[1]'), /must be a list of text/, /allowed_users/],
    ['an empty item', annotated('allowed_domains', '- example.com\n- '), /must be a list of text/, /allowed_domains/],
    ['a number for text', annotated('name', '2024'), /in quotes of its own/, /name/],
    ['a claim without a list', annotated('allowed_idp_claims', 'roles: owner'), /names with lists/, /claims/],
    ['a header that is a list', annotated('set_request_headers', 'a: [b]'), /names with text/, /headers/],
    ['a policy that is no YAML', annotated('policy', '- allow: ['), /holds no YAML/, /policy/],
    ['an empty policy', annotated('policy', ''), /must be a policy/, /policy/],
    ['two policies in one', annotated('policy', '[]\n---\n[]'), /more than one document/, /policy/],
    ['a policy word with capitals', annotated('policy', 'Allow: {or: []}'), /write allow/, /policy\.Allow$/],
    [
      'a claim with capitals',
      annotated('policy', 'deny: {or: [{claim/Dept: x}]}'),
      /lower case/,
      /or\[0\]\.claim\/Dept$/,
    ],
    [
      'an allowed claim with capitals',
      annotated('allowed_idp_claims', 'Roles: [a]'),
      /name the claim in lower case/,
      /Roles$/,
    ],
    ['a template', annotated('policy', '{{ .Values.policy }}'), /render it first/, /policy/],
    ['a switch that is neither', annotated('path_regex', 'yes'), /must be 'true' or 'false'/, /path_regex/],
    ['an MCP server that is not', annotated('mcp_server', 'false'), /or be taken out/, /mcp_server/],
    [
      'an MCP server and client',
      ingress({ annotations: `${note('mcp_server', '')}, ${note('mcp_client', '')}` }),
      /client and a server/,
      /mcp/,
    ],
    ['no host', ingress({ host: '' }), /subtle_allow_empty_host/, /rules\[0\]\.host$/],
    ['a host to fill in', ingress({ host: '"{{ host }}"' }), /render it first/, /host$/],
    ['no pathType', ingress({ paths: `{path: /, ${BACKEND}}` }), /must be Prefix, Exact/, /paths\[0\]\.pathType$/],
    ['an unknown pathType', ingress({ paths: path('/', 'prefix') }), /it is "prefix"/, /pathType$/],
    ['a path without a slash', ingress({ paths: path('admin') }), /must begin with/, /paths\[0\]/],
    ['a tunnel with a path', ingress({ annotations: note('tcp_upstream', 'true') }), /without a path/, /pathType/],
    ['no path', ingress({ paths: '' }), /needs http\.paths/, /rules\[0\]$/],
    [
      'no service',
      ingress({ paths: path('/', 'Prefix', 'backend: {resource: {kind: X}}') }),
      /goes to a service/,
      /paths/,
    ],
    [
      'an old version',
      ingress({ apiVersion: 'extensions/v1beta1' }),
      /write networking\.k8s\.io\/v1/,
      /^\[0\]\.apiVersion$/,
    ],
    ['one name twice', ingress({}) + ingress({ host: 'b.example.com' }), /same name and namespace/, /^\[1\]$/],
    [
      'one host and path twice',
      ingress({ paths: `${path('/a')}, ${path('/a', 'Exact')}` }),
      /same Ingress, host and path/,
      /paths\[1\]$/,
    ],
    [
      'no rules',
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec: {ingressClassName: pomerium}',
      /no rules/,
      /spec$/,
    ],
    [
      'rules that are no list',
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec: {rules: {}}',
      /must be a list/,
      /rules$/,
    ],
  ];

  for (const [what, yaml, message, where] of refused) {
    test(what, () => {
      const error = refusalOf(yaml);
      assert.equal(error.code, 'invalid_configuration');
      assert.match(error.message, message);
      assert.match(error.path ?? '', where);
    });
  }
});

describe('A file of manifests', () => {
  const settings = (spec: string, name = 'global') =>
    `\n---\n{apiVersion: ingress.pomerium.io/v1, kind: Pomerium, metadata: {name: ${name}}, spec: {${spec}}}`;

  test('without the Pomerium resource nothing is known of all routes, so that they are a list', () => {
    assert.isArray(translate(ingress({})).configuration);
  });

  test('with it, its settings are those of the configuration', () => {
    const spec = `secrets: pomerium/bootstrap, authenticate: {url: 'https://authenticate.corp.example.com'},
      passIdentityHeaders: true, jwtClaimHeaders: {X-Roles: roles}, runtimeFlags: {match_any_incoming_port: false}`;
    const { configuration, originOf, kind } = translate(ingress({}) + settings(spec));
    assert.equal(kind, 'ingress');
    const { routes, ...globals } = configuration as JsonObject;
    assert.lengthOf(routes as JsonObject[], 1);
    assert.deepEqual(globals, {
      authenticate_service_url: 'https://authenticate.corp.example.com',
      pass_identity_headers: true,
      jwt_claims_headers: { 'X-Roles': 'roles' },
      runtime_flags: { match_any_incoming_port: false },
    });
    assert.equal(originOf('jwt_claims_headers.X-Roles'), '[1].spec.jwtClaimHeaders.X-Roles');
    assert.equal(originOf('routes[0].path'), '[0].spec.rules[0].http.paths[0].path');
  });

  test('a misspelt setting of it is refused, and a second resource', () => {
    const misspelt = refusalOf(ingress({}) + settings('jwtClaimsHeaders: {a: b}'));
    assert.match(misspelt.message, /write jwtClaimHeaders/);
    assert.equal(misspelt.path, '[1].spec.jwtClaimsHeaders');
    assert.match(refusalOf(ingress({}) + settings('') + settings('', 'other')).message, /second Pomerium resource/);
  });

  test('an Ingress of another class without our annotations is left out, and that is said', () => {
    const other = ingress({ className: 'nginx', metadata: 'name: blog, namespace: www', host: 'blog.example.com' });
    const { configuration, notes } = translate(ingress({}) + other);
    assert.lengthOf(configuration as JsonObject[], 1);
    assert.deepEqual(
      notes.map(({ path }) => path),
      ['[1]'],
    );
    assert.match(notes[0]?.message ?? '', /Ingress www\/blog/);
  });

  test('a class counts that an IngressClass gives to Pomerium, or that an annotated Ingress has', () => {
    const internal = ingress({ className: 'internal', metadata: 'name: a' });
    const named =
      '\n---\n{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: internal}, spec: {controller: pomerium.io/ingress-controller}}';
    const sibling = ingress({ className: 'internal', metadata: 'name: b', annotations: note('policy', '[]') });
    assert.match(refusalOf(internal).message, /No manifest is for Pomerium/);
    assert.lengthOf(routesOf(internal + named), 1);
    assert.lengthOf(routesOf(internal + sibling), 2);
  });

  test('a route of the Gateway API is left out, and that is said', () => {
    const route = '\n---\n{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: web}}';
    assert.match(translate(ingress({}) + route).notes[0]?.message ?? '', /Gateway API/);
  });

  test('what is no manifest is refused beside manifests', () => {
    const error = refusalOf(`${ingress({})}\n---\nroutes: []`);
    assert.match(error.message, /file of its own/);
    assert.equal(error.path, '[1]');
  });

  test('a route is traced back to what made it', () => {
    const { originOf } = translate(annotated('policy', '[{allow: {or: [{nobody: true}]}}]'));
    const annotation = '[0].metadata.annotations.ingress.pomerium.io/policy';
    assert.equal(originOf('[0].policy[0].allow.or[0].nobody'), `${annotation}[0].allow.or[0].nobody`);
    assert.equal(originOf('[0].from'), '[0].spec.rules[0].host');
    assert.equal(originOf('[0].to'), '[0].spec.rules[0].http.paths[0].backend');
    assert.equal(originOf('[0]'), '[0].spec.rules[0].http.paths[0]');
    assert.equal(
      translate(annotated('allowed_users', '[a]')).originOf('[0].sub_policies[0].allowed_users[0]'),
      '[0].metadata.annotations.ingress.pomerium.io/allowed_users[0]',
    );
  });
});
