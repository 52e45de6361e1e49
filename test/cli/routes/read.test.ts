import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, describe, test } from 'vitest';
import { UsageError } from '../../../cli/output.ts';
import { toConfiguration } from '../../../cli/routes/configuration.ts';
import { readConfiguration } from '../../../cli/routes/read.ts';
import { compileRoutes, PomeriumError } from '../../../core/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-routes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(text: string, name = 'config.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function usageErrorOf(text: string, name?: string): Promise<string> {
  const path = fileOf(text, name);
  const error = await readConfiguration(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instanceOf(error, UsageError);
  const { message } = error as UsageError;
  assert.isTrue(message.startsWith(path), message);
  return message.slice(path.length);
}

/** `line:column` of what stands at `path` of the configuration that the text is. */
async function placeOf(text: string, path: string, name?: string): Promise<string> {
  const file = await readConfiguration(fileOf(text, name));
  const place = file.placeOf(toConfiguration(file.documents).originOf(path));
  return place.slice(folder.length).replace(/^[^:]*:/, '');
}

describe('a file of routes is read', () => {
  test('as YAML 1.2, with anchors and merges', async () => {
    const text = 'a: &a {x: yes}\nb: {<<: *a, y: on}\nc: [*a, 0o17]\n';
    const { documents } = await readConfiguration(fileOf(text));
    assert.deepEqual(documents, [{ a: { x: 'yes' }, b: { x: 'yes', y: 'on' }, c: [{ x: 'yes' }, 15] }]);
  });

  test('with one anchor in hundreds of routes', async () => {
    const text = `a: &a {x: 1}\nb: [${'*a, '.repeat(500)}]\n`;
    const [document] = (await readConfiguration(fileOf(text))).documents as [{ b: unknown[] }];
    assert.lengthOf(document.b, 500);
  });

  test('as JSON with tabs', async () => {
    const { documents } = await readConfiguration(fileOf('{\n\t"routes": [\n\t\t{"from": "a"}\n\t]\n}', 'config.json'));
    assert.deepEqual(documents, [{ routes: [{ from: 'a' }] }]);
  });

  test('as variables', async () => {
    const text = '# comment\nexport LOG_LEVEL=info\nROUTES="LSBmcm9tOiBhCg=="\n\nSERVICES = all\n';
    const file = await readConfiguration(fileOf(text, 'pomerium.env'));
    assert.deepEqual(file.documents, [{ LOG_LEVEL: 'info', ROUTES: 'LSBmcm9tOiBhCg==', SERVICES: 'all' }]);
    assert.equal(await placeOf(text, 'routes[0].from', '.env'), '3:1');
  });

  const refused: readonly (readonly [what: string, text: string, message: RegExp, name?: string])[] = [
    ['TOML', '[routes]', / is TOML/, 'config.toml'],
    ['nothing', '# only a comment\n', / is empty/],
    ['no variables', '# only a comment\n', / is empty/, '.env'],
    ['a key twice', 'routes: []\nroutes: []', /must be unique at line 2/],
    ['no YAML', 'routes: [', / is no YAML/],
    ['an unknown anchor', 'a: *b', /Unresolved alias/],
    ['an anchor in itself', 'a: &a [*a]', /contains itself/],
    [
      'an explosion of anchors',
      `a: &a [1]\n${[...'bcdefghi'].map((n, i) => `${n}: &${n} [${`*${'abcdefgh'[i]}, `.repeat(9)}]`).join('\n')}`,
      /Excessive alias count/,
    ],
    ['a key that is a list', '? [a]\n: b', /keys must be strings/],
    ['a template', 'routes:\n  - from: {{ .Values.host }}\n', /render it first/],
    ['a mistake in a file that has a template elsewhere', 'a: "{{ b }}"\na: 1', /must be unique at line 2/],
    ['a template with blocks', '{{- range .Values.routes }}\n- from: a\n{{- end }}\n', /render it first/],
  ];

  for (const [what, text, message, name] of refused) {
    test(`refused, naming the file: ${what}`, async () => assert.match(await usageErrorOf(text, name), message));
  }

  test('a missing file is named', async () => {
    await readConfiguration(join(folder, 'none.yaml')).then(
      () => assert.fail('it was read'),
      (error: Error) => assert.match(error.message, /none\.yaml cannot be read: ENOENT/),
    );
  });
});

describe('what is wrong is found in the file', () => {
  const config = `# routes
routes:
  - from: https://app.corp.example.com
    Policy: &p
      - allow:
          or:
            - claim/https://example.com/dept: x
            - groups: {has: admins}
  - from: https://two.corp.example.com
    policy: *p
    cors_allow_preflight:
`;
  const places: readonly (readonly [path: string, place: string])[] = [
    ['', '2:1'],
    ['routes', '2:1'],
    ['routes[0].policy', '4:5'],
    ['routes[0].policy[0].allow.or', '6:11'],
    ['routes[0].from', '3:11'],
    ['routes[0].policy[0].allow.or[1].groups.has', '8:29'],
    ['routes[0].policy[0].allow.or[0].claim/https://example.com/dept', '7:47'],
    ['routes[0].prefix', '3:5'],
    ['routes[1].policy[0].allow', '10:13'],
    ['routes[9].from', '3:3'],
    ['nowhere', '2:1'],
  ];
  for (const [path, place] of places) {
    test(path || 'the whole', async () => assert.equal(await placeOf(config, path), place));
  }

  const manifest = (policy: string) => `apiVersion: v1
kind: Namespace
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    ingress.pomerium.io/policy: ${policy}
spec:
  rules:
    - host: app.corp.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: web, port: {number: 80}}}
`;

  test('within the text of an annotation, where lines are lines', async () => {
    const text = `|

      # for staff
      - allow:
          or:
            - email: a@example.com
            - nobody: true`;
    assert.equal(await placeOf(manifest(text), '[0].policy[0].allow.or[1].nobody'), '15:23');
  });

  test('at its beginning, where they are not', async () => {
    assert.equal(await placeOf(manifest(`'[{"allow": {}}]'`), '[0].policy[0].allow'), '9:33');
  });

  test('in another document', async () => {
    assert.equal(await placeOf(manifest(`'[]'`), '[0].from'), '12:13');
  });

  test('as compileRoutes says where it is', async () => {
    const text = manifest('|\n      allow:\n        or:\n          - emial: a@example.com');
    const file = await readConfiguration(fileOf(text));
    const { configuration, originOf } = toConfiguration(file.documents);
    try {
      compileRoutes(configuration);
      assert.fail('it was compiled');
    } catch (error) {
      assert.instanceOf(error, PomeriumError);
      const { path = '' } = error as PomeriumError;
      assert.match(file.placeOf(originOf(path)), /config\.yaml:12:20$/);
    }
  });

  test('within a configuration in a ConfigMap', async () => {
    const text = `apiVersion: v1
kind: ConfigMap
data:
  config.yaml: |
    routes:
      - from: https://app.corp.example.com
        polcy: []
`;
    assert.equal(await placeOf(text, 'routes[0].polcy'), '7:16');
  });
});
