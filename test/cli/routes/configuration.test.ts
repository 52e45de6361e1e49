import { assert, describe, test } from 'vitest';
import type { JsonObject } from '../../../core/json.ts';
import { refusalOf, translate } from './translate.ts';

const LIST = '- from: https://app.corp.example.com\n  to: http://app\n';
const ROUTE = { from: 'https://app.corp.example.com', to: 'http://app' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a file of Pomerium’s own', () => {
  const own: readonly (readonly [what: string, yaml: string, value: unknown])[] = [
    ['a whole configuration', `pass_identity_headers: true\nroutes:\n  ${LIST.replaceAll('\n', '\n  ')}`, undefined],
    ['a list of routes', LIST, [ROUTE]],
    ['one route', 'from: https://app.corp.example.com\nto: http://app', ROUTE],
    ['a file that ends with a line', `${LIST}---\n`, [ROUTE]],
    ['something else, for compileRoutes to refuse', 'hello', 'hello'],
  ];

  for (const [what, yaml, value] of own) {
    test(`is taken as it is: ${what}`, () => {
      const { kind, configuration, originOf, notes } = translate(yaml);
      assert.equal(kind, 'configuration');
      assert.deepEqual(configuration, value ?? { pass_identity_headers: true, routes: [ROUTE] });
      assert.equal(originOf('routes[0].from'), '[0].routes[0].from');
      assert.equal(originOf('[0].from'), '[0][0].from');
      assert.lengthOf(notes, 0);
    });
  }

  test('a list as base64 is decoded, under whatever case of its name', () => {
    const { configuration } = translate(`ROUTES: ${base64(LIST)}\nPASS_IDENTITY_HEADERS: "true"`);
    assert.deepEqual(configuration, { ROUTES: [ROUTE], PASS_IDENTITY_HEADERS: 'true' });
  });

  for (const [what, text] of [
    ['YAML as text', `|\n  ${LIST.replaceAll('\n', '\n  ')}`],
    ['base64 of something else', base64('hello: world')],
    ['base64 without its padding', base64(`${LIST} `).replace(/=+$/, '')],
    ['nothing', '""'],
  ] as const) {
    test(`text that is no such list is refused: ${what}`, () => {
      const error = refusalOf(`policy: ${text}`);
      assert.match(error.message, /write the list itself/);
      assert.equal(error.path, '[0].policy');
    });
  }

  test('a second document is refused, as Pomerium does not read it', () => {
    const error = refusalOf(`routes: []\n---\nroutes: []`);
    assert.match(error.message, /first document of a file only/);
    assert.equal(error.path, '[1]');
    assert.equal(refusalOf(`---\n---\n${LIST}`).path, '[1]');
  });

  test('a Compose file is not one', () => {
    assert.match(refusalOf('services: {pomerium: {image: pomerium/pomerium}}').message, /Compose file/);
  });
});

describe('a configuration within a manifest', () => {
  const config = `authenticate_service_url: https://authenticate.corp.example.com\nroutes:\n${LIST}`;
  const indented = config.replaceAll('\n', '\n    ');
  const other = '\n---\n{apiVersion: v1, kind: Service, metadata: {name: pomerium}}';
  const forms: readonly (readonly [what: string, yaml: string, origin: string])[] = [
    ['a ConfigMap', `kind: ConfigMap\ndata:\n  config.yaml: |\n    ${indented}`, '[0].data.config.yaml'],
    ['a Secret as text', `kind: Secret\nstringData:\n  config.yaml: |\n    ${indented}`, '[0].stringData.config.yaml'],
    ['a Secret', `kind: Secret\ndata: {config.yaml: ${base64(config)}}`, '[0].data.config.yaml'],
    [
      'JSON beside files of other programs',
      `kind: ConfigMap
data:
  nginx.conf: "server { proxy_set_header Host $host; # routes: from: {{ x }}"
  dashboard.json: '{"title": "{{ name }}", "policy": {}}'
  config.json: '{"routes": [${JSON.stringify(ROUTE)}], "authenticate_service_url": "https://authenticate.corp.example.com"}'`,
      '[0].data.config.json',
    ],
  ];

  for (const [what, yaml, origin] of forms) {
    test(what, () => {
      const { kind, configuration, originOf } = translate(`apiVersion: v1\n${yaml}${other}`);
      assert.equal(kind, 'configuration');
      assert.deepEqual(configuration, {
        authenticate_service_url: 'https://authenticate.corp.example.com',
        routes: [ROUTE],
      });
      assert.equal(originOf('routes[0]'), `${origin}.routes[0]`);
    });
  }

  test('variables that a pod gets', () => {
    const { configuration } = translate(
      `apiVersion: v1\nkind: ConfigMap\ndata: {POLICY: ${base64(LIST)}, SERVICES: all}`,
    );
    assert.deepEqual(configuration as JsonObject, { POLICY: [ROUTE], SERVICES: 'all' });
  });

  test('two of them are refused, and a file without any', () => {
    const map = `apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml: |\n    ${indented}`;
    assert.match(refusalOf(`${map}\n---\n${map}`).message, /files of their own/);
    assert.match(refusalOf(`apiVersion: v1\nkind: ConfigMap${other}`).message, /No manifest is for Pomerium/);
  });
});
