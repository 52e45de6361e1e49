import { readFileSync } from 'node:fs';
// @ts-expect-error It has no types of its own.
import { DEFAULT_SCHEMA, load, Type } from 'js-yaml';
import { assert, describe, test } from 'vitest';
import { ROOT } from '../../scripts/run.ts';
import { ALARMS, alarmsOf } from '../support/aws-alarms.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  /** A parameter's. */
  readonly Default?: unknown;
  /** Those of all functions. */
  readonly Timeout?: number;
}

interface Policy {
  readonly PolicyDocument: { readonly Statement: { readonly Action: string | string[]; readonly Resource: string }[] };
}

describe('examples/aws-sam', () => {
  const text = readFileSync(`${ROOT}examples/aws-sam/template.yaml`, 'utf8');
  const references: string[] = [];
  const tag = (name: string, read: (value: string) => readonly string[], kind = 'scalar') =>
    new Type(name, {
      kind,
      construct: (value: string) => {
        references.push(...read(value));
        return value;
      },
    });
  const schema = DEFAULT_SCHEMA.extend([
    tag('!Ref', (value) => [value]),
    tag('!GetAtt', (value) => [value.split('.')[0] ?? '']),
    tag('!Sub', (value) => [...value.matchAll(/\$\{([\w:]+)\}/g)].map(([, name = '']) => name)),
    tag('!Not', () => [], 'sequence'),
    tag('!Equals', () => [], 'sequence'),
    tag('!If', (value) => [value[0] ?? ''], 'sequence'),
  ]);
  const template = load(text, { schema }) as Record<string, Record<string, Resource>>;
  const resources = template['Resources'] ?? {};

  test('is a template whose references all lead somewhere', () => {
    const names = ['Resources', 'Parameters', 'Conditions'].flatMap((section) => Object.keys(template[section] ?? {}));
    // SAM makes the resource of a Function URL.
    const known = [...names, 'AppUrl'];
    const unknown = references.filter((name) => !name.startsWith('AWS::') && !known.includes(name));
    assert.deepEqual(unknown, []);
    assert.isAbove(references.length, 40);
  });

  test('has no merge keys, which CloudFormation does not know', () => {
    assert.notMatch(text, /<<:/);
  });

  test('puts the authorizer before every route, and keeps no answer', () => {
    const { Api } = resources;
    assert.nestedPropertyVal(Api, 'Properties.Auth.DefaultAuthorizer', 'Pomerium');
    assert.nestedPropertyVal(Api, 'Properties.Auth.Authorizers.Pomerium.EnableSimpleResponses', true);
    assert.nestedPropertyVal(Api, 'Properties.Auth.Authorizers.Pomerium.Identity.ReauthorizeEvery', 0);
  });

  test('has the alarms of all deployables, and one for a timeout that is the one of its functions', () => {
    const parameters = Object.entries(template['Parameters'] ?? {}).map(([name, { Default }]) => [name, Default]);
    assert.deepEqual(alarmsOf(resources, { parameters: Object.fromEntries(parameters) }), ALARMS);
    const timeout = template['Globals']?.['Function']?.Timeout;
    assert.equal(ALARMS['authorizer-times-out']?.threshold, Number(timeout) * 1000);
  });

  test('gives each function a role of its own, which may do what it needs and nothing else', () => {
    const actionsOf = (name: string) => {
      assert.nestedPropertyVal(resources[name], 'Properties.Role', `${name}Role.Arn`);
      assert.notNestedProperty(resources[name], 'Properties.Policies');
      assert.notNestedProperty(resources[`${name}Role`], 'Properties.ManagedPolicyArns');
      const policies = resources[`${name}Role`]?.Properties?.['Policies'] as Policy[];
      const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
      const logs = statements.filter(({ Action }) => String(Action).startsWith('logs:'));
      assert.deepEqual(
        logs.map(({ Resource }) => Resource),
        [`${name}Logs.Arn`],
      );
      return statements.flatMap(({ Action }) => Action).filter((action) => action.startsWith('ssm:'));
    };
    assert.deepEqual(actionsOf('Authorizer'), ['ssm:GetParameter']);
    assert.deepEqual(actionsOf('Refresher'), ['ssm:GetParameter', 'ssm:PutParameter']);
    assert.deepEqual(actionsOf('App'), ['ssm:GetParameter']);
  });

  test('limits the concurrency of the authorizer where a parameter says so', () => {
    assert.nestedPropertyVal(template, 'Parameters.ReservedConcurrency.Default', -1);
    assert.deepNestedPropertyVal(resources, 'Authorizer.Properties.ReservedConcurrentExecutions', [
      'HasReservedConcurrency',
      'ReservedConcurrency',
      'AWS::NoValue',
    ]);
  });

  test('keeps no log for ever', () => {
    const ofType = (type: string) => Object.values(resources).filter(({ Type }) => Type === type);
    const groups = ofType('AWS::Logs::LogGroup');
    for (const { Properties } of groups) assert.isDefined(Properties?.['RetentionInDays']);
    // One for the API.
    assert.lengthOf(groups, ofType('AWS::Serverless::Function').length + 1);
    for (const { Properties } of ofType('AWS::Serverless::Function')) assert.isDefined(Properties?.['LoggingConfig']);
  });
});
