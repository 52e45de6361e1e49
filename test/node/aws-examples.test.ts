import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
// @ts-expect-error It has no types of its own.
import { DEFAULT_SCHEMA, load, Type } from 'js-yaml';
import { assert, describe, test } from 'vitest';
import { PomeriumStack } from '../../examples/aws-cdk/stack.ts';
import { ROOT } from '../../scripts/run.ts';

describe('examples/aws-cdk', () => {
  test('synthesises: the authorizer before every route, uncached, and roles that can do what they need', () => {
    // Bundling is left out: the same two functions are bundled and run in e2e/.
    const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
    const stack = new PomeriumStack(app, 'test', { audience: 'api.corp.example.com', upstream: 'https://x.test' });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerPayloadFormatVersion: '2.0',
      AuthorizerResultTtlInSeconds: 0,
      EnableSimpleResponses: true,
      IdentitySource: ['$request.header.x-pomerium-jwt-assertion'],
    });
    template.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'CUSTOM' });
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 minute)' });
    // Once with the deployment, too.
    template.hasResourceProperties('Custom::Trigger', { InvocationType: 'Event' });
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).map((one) => JSON.stringify(one));
    assert.lengthOf(
      policies.filter((one) => one.includes('ssm:PutParameter')),
      1,
    );
  });
});

describe('examples/aws-sam', () => {
  test('is a template whose references all lead somewhere', () => {
    const references: string[] = [];
    const tag = (name: string, read: (value: string) => string) =>
      new Type(name, { kind: 'scalar', construct: (value: string) => references.push(read(value)) && value });
    const schema = DEFAULT_SCHEMA.extend([
      tag('!Ref', (value) => value),
      tag('!GetAtt', (value) => value.split('.')[0] ?? ''),
      tag('!Sub', (value) => /\$\{(\w+)\}/.exec(value)?.[1] ?? ''),
    ]);
    const text = readFileSync(`${ROOT}examples/aws-sam/template.yaml`, 'utf8');
    const template = load(text, { schema }) as Record<string, Record<string, { Type: string; Properties?: object }>>;
    const names = Object.keys({ ...template['Resources'], ...template['Parameters'] });
    assert.includeMembers(names, references);
    const { Authorizer, Api } = template['Resources'] ?? {};
    assert.equal(Authorizer?.Type, 'AWS::Serverless::Function');
    assert.nestedPropertyVal(Api, 'Properties.Auth.DefaultAuthorizer', 'Pomerium');
    assert.nestedPropertyVal(Api, 'Properties.Auth.Authorizers.Pomerium.Identity.ReauthorizeEvery', 0);
  });
});
