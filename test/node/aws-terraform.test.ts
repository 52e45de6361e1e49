import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { assert, describe, test } from 'vitest';
import { ROOT } from '../../scripts/run.ts';
import { ALARMS } from '../support/aws-alarms.ts';
import { alarmsOfTerraform } from '../support/terraform-alarms.ts';

// They are CommonJS, with types that TypeScript does not find.
const require = createRequire(import.meta.url);
const { parse } = require('@cdktf/hcl2json') as { parse(name: string, text: string): Promise<Blocks> };
const { format } = require('@cdktf/hcl-tools') as { format(text: string): Promise<string> };

type Named = Record<string, unknown>;
interface Blocks {
  readonly variable?: Named;
  readonly output?: Named;
  readonly locals?: readonly Named[];
  readonly module?: Record<string, readonly Named[]>;
  readonly resource?: Record<string, Named>;
  readonly data?: Record<string, Named>;
}

const MODULE = 'deploy/terraform';
const files = globSync(`${MODULE}/**/*.tf`, { cwd: ROOT });
const read = (path: string) => readFileSync(ROOT + path, 'utf8');
const parsed = await Promise.all(
  files.map(async (path) => ({ path, folder: dirname(path), blocks: await parse(path, read(path)) })),
);

const namesOf = (folder: string, kind: 'variable' | 'output') =>
  parsed.filter((file) => file.folder === folder).flatMap(({ blocks }) => Object.keys(blocks[kind] ?? {}));

/** The defaults of a folder's variables, as expressions name them. */
function defaultsOf(folder: string): Named {
  const variables = parsed.flatMap((file) =>
    file.folder === folder ? Object.entries(file.blocks.variable ?? {}) : [],
  );
  return Object.fromEntries(
    variables.map(([name, blocks]) => [`var.${name}`, (blocks as readonly Named[])[0]?.['default']]),
  );
}

/** What expressions of a folder may name. */
function definedIn(folder: string): string[] {
  return parsed
    .filter((file) => file.folder === folder)
    .flatMap(({ blocks }) => [
      ...Object.keys(blocks.variable ?? {}).map((name) => `var.${name}`),
      ...(blocks.locals ?? []).flatMap((block) => Object.keys(block).map((name) => `local.${name}`)),
      ...Object.keys(blocks.module ?? {}).flatMap((name) =>
        namesOf(MODULE, 'output').map((output) => `module.${name}.${output}`),
      ),
      ...Object.entries(blocks.resource ?? {}).flatMap(([type, byName]) =>
        Object.keys(byName).map((name) => `${type}.${name}`),
      ),
      ...Object.entries(blocks.data ?? {}).flatMap(([type, byName]) =>
        Object.keys(byName).map((name) => `data.${type}.${name}`),
      ),
    ]);
}

const REFERENCE = /\b(?:(?:var|local)\.\w+|module\.\w+\.\w+|data\.\w+\.\w+|(?<!data\.)aws_\w+\.\w+)/g;

describe('deploy/terraform', () => {
  test.each(files)('%s is formatted as terraform fmt does', async (path) => {
    assert.equal(await format(read(path)), read(path));
  });

  test.each(parsed)('$path names nothing that is not there', ({ folder, blocks }) => {
    const { variable, ...expressions } = blocks;
    const references = JSON.stringify(expressions).match(REFERENCE) ?? [];
    assert.includeMembers(definedIn(folder), references);
  });

  test('every variable is used, and in the table of its README, as is every output', () => {
    const expressions = parsed
      .filter((file) => file.folder === MODULE)
      .map(({ blocks: { variable, ...others } }) => JSON.stringify(others));
    const used = expressions.join().match(/\bvar\.\w+/g) ?? [];
    assert.sameMembers(
      [...new Set(used)],
      namesOf(MODULE, 'variable').map((name) => `var.${name}`),
    );
    const tables = [...read(`${MODULE}/README.md`).matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    assert.sameMembers(tables, [...namesOf(MODULE, 'variable'), ...namesOf(MODULE, 'output')]);
  });

  test('the example sets only variables of the module, and all that have no default', () => {
    const [example] = parsed.filter(({ blocks }) => blocks.module);
    const { source, ...set } = example?.blocks.module?.['pomerium']?.[0] ?? {};
    // As in the README: in a folder of one's own, where npm has put the package.
    assert.equal(source, `./node_modules/pomerium-edge/${MODULE}`);
    assert.include(read(`${MODULE}/README.md`), `"${source}"`);
    assert.include(JSON.parse(read('package.json')).files, MODULE);
    assert.includeMembers(namesOf(MODULE, 'variable'), Object.keys(set));
    assert.containsAllKeys(set, ['audience', 'api_execution_arns']);
  });

  test('the example answers an HTTP API as the authorizer does, and keeps no answer', () => {
    const example = read(`${MODULE}/examples/http-api/main.tf`);
    for (const setting of [
      /authorizer_payload_format_version\s+= "2.0"/,
      /enable_simple_responses\s+= true/,
      /authorizer_result_ttl_in_seconds\s+= 0/,
    ]) {
      assert.match(example, setting);
    }
  });

  test('the example hands on a subject that was verified, and neither the email nor the assertion that a client sent', () => {
    const [example] = parsed.filter(({ blocks }) => blocks.module);
    const integrations = example?.blocks.resource?.['aws_apigatewayv2_integration']?.['upstream'];
    assert.deepNestedPropertyVal({ integrations }, 'integrations[0].request_parameters', {
      'overwrite:header.x-pomerium-claim-sub': '$context.authorizer.subject',
      'remove:header.x-pomerium-claim-email': "''",
      'remove:header.x-pomerium-jwt-assertion': "''",
    });
  });

  test('has the alarms of all deployables', () => {
    const timeout = /^ {2}timeout += (\d+)$/m.exec(read(`${MODULE}/main.tf`))?.[1];
    const alarms = parsed.find(({ path }) => path === `${MODULE}/alarms.tf`)?.blocks;
    assert.deepEqual(
      alarmsOfTerraform(alarms, {
        ...defaultsOf(MODULE),
        'var.alarm_actions': ['arn:aws:sns:us-east-1:1:alarms'],
        'local.authorizer': 'authorizer',
        'local.refresher': 'refresher',
        'aws_lambda_function.this["authorizer"].timeout * 1000': Number(timeout) * 1000,
      }),
      ALARMS,
    );
  });
});
