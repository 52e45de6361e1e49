import { readdirSync, readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import { parse } from 'yaml';
import { AUTHORIZER_VARIABLES, AUTHORIZER_WITHOUT } from '../../adapters/aws-lambda/authorizer-options.ts';
import { WITHOUT } from '../../adapters/aws-lambda/options.ts';
import { GATE_VARIABLES, VERIFIER_VARIABLES } from '../../core/adapter.ts';
import { ROOT } from '../../scripts/run.ts';

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

test('alarms watch metrics and codes that there are', () => {
  const { Resources } = parse(read('deploy/aws-lambda/alarms.yml'), { merge: true, logLevel: 'silent' });
  const text = JSON.stringify(Resources);
  const own = [...text.matchAll(/"Namespace":"PomeriumEdge","MetricName":"(\w+)"/g)].map(([, name]) => name);
  assert.sameMembers([...new Set(own)], ['Decisions', 'Failures', 'KeyRefreshFailures', 'Latency']);
  const counted = ['report', 'gate'].map((name) => read(`adapters/aws-lambda/${name}.ts`)).join('\n');
  for (const name of own) assert.include(counted, `'${name}'`);
  const codes = [...text.matchAll(/"Name":"code","Value":"(\w+)"/g)].map(([, code]) => code);
  assert.sameMembers([...new Set(codes)], ['keys_unavailable', 'invalid_signature', 'unknown_key', 'allowed']);
  for (const code of codes)
    assert.match(
      read(code === 'allowed' ? 'adapters/aws-lambda/report.ts' : 'core/errors.ts'),
      new RegExp(`\\b${code}\\b`),
    );
});

test('failures and timeouts have alarms of one metric each, so that no number of refusals hides one', () => {
  const { Resources } = parse(read('deploy/aws-lambda/alarms.yml'), { merge: true, logLevel: 'silent' });
  const { AuthorizerFailsAlarm, AuthorizerTimesOutAlarm } = Resources;
  assert.include(AuthorizerFailsAlarm.Properties, { MetricName: 'Failures', Statistic: 'Sum', Threshold: 1 });
  const timeout = { MetricName: 'Duration', Statistic: 'Maximum', Threshold: provider.timeout * 1000 };
  assert.include(AuthorizerTimesOutAlarm?.Properties, timeout);
});
