import { readdirSync, readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import { parse } from 'yaml';
import { AUTHORIZER_VARIABLES, AUTHORIZER_WITHOUT } from '../../adapters/aws-lambda/authorizer-options.ts';
import { WITHOUT } from '../../adapters/aws-lambda/options.ts';
import { METRIC_NAMES } from '../../adapters/aws-lambda/report.ts';
import { GATE_VARIABLES, PomeriumError, type PomeriumErrorCode, VERIFIER_VARIABLES } from '../../core/adapter.ts';
import { ROOT } from '../../scripts/run.ts';
import { ALARMS, alarmsOf } from '../support/aws-alarms.ts';

const read = (path: string) => readFileSync(ROOT + path, 'utf8');
const { functions, custom, provider } = parse(read('serverless.yml'), { merge: true });

/** What an authorizer refuses by name, see docs/aws-lambda.md. */
const REFUSED = Object.entries(GATE_VARIABLES)
  .filter(([option]) => option in AUTHORIZER_WITHOUT || option in WITHOUT)
  .map(([, name]) => name);
const HONOURED = [
  ...VERIFIER_VARIABLES,
  ...Object.values(GATE_VARIABLES).filter((name) => !REFUSED.includes(name)),
  ...AUTHORIZER_VARIABLES,
  'POMERIUM_FETCH_KEYS',
  'POMERIUM_JWKS_SSM',
];

const CODES = Object.keys({
  missing_assertion: true,
  duplicate_assertion: true,
  malformed_assertion: true,
  unsupported_algorithm: true,
  unknown_key: true,
  invalid_signature: true,
  invalid_claims: true,
  expired: true,
  not_yet_valid: true,
  issuer_mismatch: true,
  audience_mismatch: true,
  anonymous: true,
  policy_denied: true,
  keys_unavailable: true,
  invalid_configuration: true,
} satisfies Record<PomeriumErrorCode, true>) as PomeriumErrorCode[];

/** What other functions than the authorizer read. */
const OTHERS = ['POMERIUM_EDGE_CONFIG_TOKEN', 'POMERIUM_EDGE_CONFIG_TEAM', 'POMERIUM_JWKS_KV', 'POMERIUM_UPSTREAM'];

describe('serverless.yml gives the authorizer', () => {
  const { authorizer } = functions;

  test.each([...new Set(HONOURED)])('%s', (name) => {
    const value = authorizer.environment[name];
    assert.equal(value, name === 'POMERIUM_JWKS_SSM' ? custom.keys[name] : `\${env:${name}, null}`);
  });

  test('nothing that it would refuse', () => {
    assert.notIncludeMembers(Object.keys(authorizer.environment), REFUSED);
    for (const name of Object.keys(authorizer.environment)) assert.include(HONOURED, name);
  });

  test('every variable that the documentation of AWS names', () => {
    const pages = readdirSync(`${ROOT}docs`).filter((name) => /^aws-.*\.md$/.test(name));
    const named = pages.flatMap((page) => read(`docs/${page}`).match(/\bPOMERIUM_[A-Z_]*[A-Z]\b/g) ?? []);
    const known = [...Object.keys(authorizer.environment), ...REFUSED, ...OTHERS];
    assert.deepEqual(
      [...new Set(named)].filter((name) => !known.includes(name)),
      [],
    );
  });

  test('the refresher what finds the keys, and the samples nothing', () => {
    assert.deepEqual(functions.refresher.environment, custom.keys);
    for (const [name, { environment }] of Object.entries<{ environment?: object }>(functions)) {
      if (name.endsWith('Sample')) assert.isUndefined(environment);
    }
  });
});

test('every parameter that the templates name has a default, and is in docs/aws-deploy.md', () => {
  const { params } = parse(read('serverless.yml'), { merge: true });
  const files = readdirSync(`${ROOT}deploy/aws-lambda`).filter((name) => name.endsWith('.yml'));
  const text = [read('serverless.yml'), ...files.map((name) => read(`deploy/aws-lambda/${name}`))].join('\n');
  const used = [...text.matchAll(/\$\{param:(\w+)(, null)?/g)];
  assert.sameMembers(
    [...new Set(used.filter(([, , fallback]) => !fallback).map(([, name]) => name))],
    Object.keys(params.default),
  );
  const docs = read('docs/aws-deploy.md');
  for (const [, name] of used) assert.include(docs, `\`${name}\``);
});

test('has the alarms of all deployables, and one for a timeout that is the one of its functions', () => {
  const yaml = parse(read('serverless.yml'), { merge: true });
  const { Resources } = parse(read('deploy/aws-lambda/alarms.yml'), { merge: true, logLevel: 'silent' });
  const parameters = Object.entries(yaml.params.default).map(([name, value]) => [`\${param:${name}}`, value]);
  assert.deepEqual(alarmsOf(Resources, { parameters: Object.fromEntries(parameters) }), ALARMS);
  assert.equal(ALARMS['authorizer-times-out']?.threshold, provider.timeout * 1000);
  const names = Object.values<{ Properties: { AlarmName: string } }>(Resources).map(
    ({ Properties }) => Properties.AlarmName,
  );
  assert.sameMembers(
    names,
    Object.keys(ALARMS).map((name) => `\${self:service}-\${sls:stage}-${name}`),
  );
});

describe('the alarms of all deployables', () => {
  const metrics = Object.values(ALARMS).flatMap((alarm) => Object.values(alarm.metrics));

  test('watch metrics that are counted', () => {
    const watched = metrics.flatMap(({ name }) => name.match(/^PomeriumEdge (.+)/)?.slice(1) ?? []);
    assert.isNotEmpty(watched);
    assert.includeMembers([...METRIC_NAMES], watched);
  });

  test('watch each code that is no refusal', () => {
    const { metrics: failures = {} } = ALARMS['authorizer-fails'] ?? {};
    const codes = Object.values(failures).map(({ dimensions }) => dimensions['code']);
    assert.sameMembers(
      codes,
      CODES.filter((code) => new PomeriumError(code, '').status >= 500),
    );
  });

  test('watch codes that there are, and who is let in', () => {
    const codes = metrics.flatMap(({ dimensions }) => dimensions['code'] ?? []);
    assert.includeMembers([...CODES, 'allowed'], codes);
  });

  test('are in the table of docs/aws-deploy.md', () => {
    const section =
      read('docs/aws-deploy.md')
        .split('\n## ')
        .find((text) => text.startsWith('Alarms\n')) ?? '';
    const documented = [...section.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
    assert.sameMembers(documented, Object.keys(ALARMS));
  });
});
