import { assert, describe, test } from 'vitest';
import type { JsonObject } from '../../../core/json.ts';
import { refusalOf, translate } from './translate.ts';

const ROUTES = `
    - from: https://grafana.corp.example.com
      to: http://grafana.monitoring
      allowed_domains: [example.com]
    - from: https://hello.corp.example.com
      to: http://hello:8080`;

describe('values of the Helm chart become a configuration', () => {
  test('config.routes, with the options beside them', () => {
    const { kind, configuration, originOf } = translate(`
authenticate:
  name: login
  idp: {provider: google, clientID: abc}
config:
  rootDomain: corp.example.com
  sharedSecret: abcdef
  extraOpts:
    jwt_claims_headers: [roles]
    pass_identity_headers: true
  routes:${ROUTES}
extraEnv:
  LOG_LEVEL: debug
  JWT_ISSUER_FORMAT: uri
ingress: {enabled: false}
`);
    assert.equal(kind, 'helm');
    assert.deepEqual(configuration, {
      jwt_claims_headers: ['roles'],
      pass_identity_headers: true,
      authenticate_service_url: 'https://login.corp.example.com',
      jwt_issuer_format: 'uri',
      routes: [
        {
          from: 'https://grafana.corp.example.com',
          to: 'http://grafana.monitoring',
          allowed_domains: ['example.com'],
        },
        { from: 'https://hello.corp.example.com', to: 'http://hello:8080' },
      ],
    });
    assert.equal(originOf('routes[1].from'), '[0].config.routes[1].from');
    assert.equal(originOf('jwt_claims_headers[0]'), '[0].config.extraOpts.jwt_claims_headers[0]');
    assert.equal(originOf('authenticate_service_url'), '[0].config.rootDomain');
    assert.equal(originOf('jwt_issuer_format'), '[0].extraEnv.JWT_ISSUER_FORMAT');
  });

  const listed = [{ from: 'https://hello.corp.example.com', to: 'http://hello' }];
  const forms: readonly (readonly [what: string, yaml: string, key: string, origin: string])[] = [
    [
      'config.policy of older versions',
      'config:\n  policy:\n    - {from: https://hello.corp.example.com, to: http://hello}',
      'policy',
      '[0].config.policy[0]',
    ],
    [
      'routes as text',
      'config:\n  routes: |\n    - from: https://hello.corp.example.com\n      to: http://hello',
      'routes',
      '[0].config.routes[0]',
    ],
    [
      'values of a chart around it',
      'pomerium:\n  config:\n    routes: [{from: https://hello.corp.example.com, to: http://hello}]',
      'routes',
      '[0].pomerium.config.routes[0]',
    ],
    [
      'a HelmRelease of Flux',
      `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
spec:
  values:
    config:
      routes: [{from: https://hello.corp.example.com, to: http://hello}]`,
      'routes',
      '[0].spec.values.config.routes[0]',
    ],
    [
      'an Application of Argo CD with values as text',
      `apiVersion: argoproj.io/v1alpha1
kind: Application
spec:
  sources:
    - chart: pomerium
      helm:
        values: |
          config:
            routes:
              - from: https://hello.corp.example.com
                to: http://hello`,
      'routes',
      '[0].spec.sources[0].helm.values.config.routes[0]',
    ],
  ];

  for (const [what, yaml, key, origin] of forms) {
    test(what, () => {
      const { configuration, originOf, kind } = translate(yaml);
      assert.equal(kind, 'helm');
      assert.deepEqual((configuration as JsonObject)[key], listed);
      assert.equal(originOf(`${key}[0]`), origin);
    });
  }

  test('a variable wins over the options', () => {
    const { configuration } = translate(
      'config: {extraOpts: {pass_identity_headers: false}}\nextraEnv: {PASS_IDENTITY_HEADERS: "true"}',
    );
    assert.deepEqual(configuration, { pass_identity_headers: 'true' });
  });

  const refused: readonly (readonly [what: string, yaml: string, message: RegExp, path: string])[] = [
    ['existingPolicy', 'config: {existingPolicy: mine}', /give that one's config\.yaml/, '[0].config.existingPolicy'],
    [
      'existingSecret beside routes',
      'config: {existingSecret: mine, routes: []}',
      /or cut this line out/,
      '[0].config.existingSecret',
    ],
    [
      'policy and routes',
      'config: {policy: [{from: a}], routes: [{from: a}]}',
      /either policy or routes/,
      '[0].config.policy',
    ],
    [
      'templates in routes',
      'config: {routes: [{from: "https://a.{{ .Values.domain }}"}]}',
      /render it first/,
      '[0].config.routes',
    ],
    ['templates in text', 'config: {routes: "{{ .Values.routes }}"}', /render it first/, '[0].config.routes'],
    [
      'one setting twice',
      'config: {rootDomain: example.com, extraOpts: {Authenticate_service_url: https://a}}',
      /said twice/,
      '[0].config.rootDomain',
    ],
    [
      'a deciding variable of one service only',
      'config: {routes: []}\nproxy: {deployment: {extraEnv: {POLICY: abc}}}',
      /one service only/,
      '[0].proxy.deployment.extraEnv.POLICY',
    ],
  ];

  for (const [what, yaml, message, path] of refused) {
    test(`refused: ${what}`, () => {
      const error = refusalOf(yaml);
      assert.match(error.message, message);
      assert.equal(error.path, path);
    });
  }
});
