import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { assert, describe, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { must, ROOT, tool } from '../../scripts/run.ts';
import { ALARMS, alarmsOf } from '../support/aws-alarms.ts';
import { installProject, type Project } from '../support/example-project.ts';
import { HOST, jwks, makeKey, sign } from '../support/issuer.ts';
import { answersIn, RUNNER } from './bundling/lambda-process.ts';
import { type BuildProperties, samBuild } from './bundling/sam-build.ts';

const key = await makeKey();
const now = Math.floor(Date.now() / 1000);
const good = await sign(key, { iat: now, exp: now + 3600 });

async function install(example: string): Promise<Project> {
  const project = await installProject(`examples/${example}`);
  onTestFinished(project.remove);
  return project;
}

type Variables = Readonly<Record<string, string>>;

const VARIABLES: Variables = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)) };

/** What a handler answers to an event, in a process of its own. */
async function ask(bundle: string, event: object, variables: Variables = VARIABLES): Promise<Record<string, unknown>> {
  const env = { ...variables, AWS_LAMBDA_FUNCTION_NAME: 'f' };
  const output = await must(process.execPath, [RUNNER, bundle, JSON.stringify(event)], { capture: true, env });
  return answersIn(output)?.[0] ?? assert.fail(output);
}

const HTTP_EVENT = {
  version: '2.0',
  type: 'REQUEST',
  routeArn: 'arn:aws:execute-api:us-east-1:123456789012:abcdef/$default/GET/',
  headers: { 'x-pomerium-jwt-assertion': good },
  rawPath: '/',
  requestContext: { http: { method: 'GET', path: '/' }, stage: '$default' },
};

describe('examples/aws-sam, installed in an empty folder', () => {
  test('type-checks, builds as sam does, and its functions answer', async () => {
    const { folder } = await install('aws-sam');
    await must(tool('tsc'), [], { cwd: folder, capture: true });
    const text = readFileSync(join(folder, 'template.yaml'), 'utf8');
    const { Resources, Globals } = parse(text, { logLevel: 'silent' });
    const functions = Object.values<{ Metadata?: { BuildProperties: BuildProperties } }>(Resources).flatMap(
      ({ Metadata }) => (Metadata ? [Metadata.BuildProperties] : []),
    );
    for (const properties of functions) await samBuild(properties)(folder);
    assert.sameMembers(readdirSync(join(folder, 'dist')), ['app.mjs', 'authorizer.mjs', 'refresher.mjs']);
    // As sam local does: of env.json only what the template names.
    const variables: Variables = Object.fromEntries(
      Object.entries<string>(Globals.Function.Environment.Variables).map(([name, value]) => [
        name,
        VARIABLES[name] ?? value,
      ]),
    );
    assert.propertyVal(await ask(join(folder, 'dist/authorizer.mjs'), HTTP_EVENT, variables), 'isAuthorized', true);
    const event = { ...HTTP_EVENT, type: undefined, routeArn: undefined };
    const answer = await ask(join(folder, 'dist/app.mjs'), event, variables);
    assert.equal(answer['statusCode'], 200);
    assert.deepInclude(JSON.parse(String(answer['body'])), { email: 'alice@example.com' });
  });
});

/** A stack of `examples/aws-cdk` whose alarms are told to somebody. */
const WITH_TOPIC = `
import { App, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { PomeriumStack } from './pomerium-stack.ts';

const app = new App({ outdir: 'with-topic' });
const alarmTopic = Topic.fromTopicArn(new Stack(app, 'topics'), 'Topic', 'arn:aws:sns:us-east-1:123456789012:alarms');
new PomeriumStack(app, 'pomerium', { audience: 'api.corp.example.com', alarmTopic });
app.synth();
`;

describe('examples/aws-cdk, installed in an empty folder', () => {
  interface Template {
    readonly Resources: Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>;
  }

  test('type-checks, and cdk synth makes an authorizer that answers and an API of another stack behind it', async () => {
    const { folder } = await install('aws-cdk');
    // npm install writes it, and NodejsFunction wants one.
    writeFileSync(join(folder, 'package-lock.json'), '{}');
    const path = [dirname(process.execPath), `${ROOT}node_modules/.bin`, process.env['PATH']].join(delimiter);
    const env = { PATH: path, CDK_DISABLE_VERSION_CHECK: '1', CDK_DISABLE_CLI_TELEMETRY: 'true' };
    writeFileSync(join(folder, 'with-topic.ts'), WITH_TOPIC);
    await Promise.all([
      must(tool('tsc'), [], { cwd: folder, capture: true }),
      // A warning makes it fail.
      must(tool('cdk'), ['synth', '--quiet', '--no-notices', '--strict'], { cwd: folder, capture: true, env }),
    ]);
    await must(process.execPath, ['with-topic.ts'], { cwd: folder, capture: true, env });

    const read = (stack: string, output = 'cdk.out'): Template =>
      JSON.parse(readFileSync(join(folder, `${output}/${stack}.template.json`), 'utf8'));
    const ofType = (stack: string, type: string) =>
      Object.values(read(stack).Resources).flatMap(({ Type, Properties }) => (Type === type ? [Properties] : []));

    const [authorizer] = ofType('api', 'AWS::ApiGatewayV2::Authorizer');
    assert.deepInclude(authorizer, {
      AuthorizerPayloadFormatVersion: '2.0',
      AuthorizerResultTtlInSeconds: 0,
      EnableSimpleResponses: true,
      IdentitySource: ['$request.header.x-pomerium-jwt-assertion'],
    });
    // The ARN of the other stack, without a version.
    assert.match(JSON.stringify(authorizer), /"Fn::ImportValue":"pomerium:[^"]+authorizer\w+Arn\w+"/);
    for (const route of ofType('api', 'AWS::ApiGatewayV2::Route')) assert.equal(route['AuthorizationType'], 'CUSTOM');
    const [integration] = ofType('api', 'AWS::ApiGatewayV2::Integration');
    assert.deepEqual(integration?.['RequestParameters'], {
      'overwrite:header.x-pomerium-claim-sub': '$context.authorizer.subject',
      'remove:header.x-pomerium-claim-email': '',
      'remove:header.x-pomerium-jwt-assertion': '',
    });
    assert.lengthOf(ofType('api', 'AWS::Lambda::Permission'), 1);

    const statements = ofType('pomerium', 'AWS::IAM::Policy').map(({ PolicyDocument }) =>
      JSON.stringify(PolicyDocument),
    );
    const parameterActions = statements.map((text) => text.match(/ssm:\w+/g));
    assert.deepEqual(parameterActions, [['ssm:GetParameter'], ['ssm:GetParameter', 'ssm:PutParameter']]);
    for (const [name, { Properties }] of Object.entries(read('pomerium').Resources)) {
      // The role of the CDK's own trigger has one.
      if (name.startsWith('Pomerium')) assert.notProperty(Properties, 'ManagedPolicyArns');
    }
    const withoutTopic = Object.entries(ALARMS).map(([name, alarm]) => [
      name,
      { ...alarm, actions: { alarm: false, ok: false } },
    ]);
    assert.deepEqual(alarmsOf(read('pomerium').Resources, { prefix: 'Pomerium' }), Object.fromEntries(withoutTopic));
    assert.deepEqual(alarmsOf(read('pomerium', 'with-topic').Resources, { prefix: 'Pomerium' }), ALARMS);
    for (const stack of ['pomerium', 'api']) {
      for (const group of ofType(stack, 'AWS::Logs::LogGroup')) assert.equal(group['RetentionInDays'], 30);
    }
    const [stage, ...others] = ofType('api', 'AWS::ApiGatewayV2::Stage');
    assert.lengthOf(others, 0);
    assert.nestedPropertyVal(stage, 'AccessLogSettings.DestinationArn.Fn::GetAtt[1]', 'Arn');
    assert.match(
      JSON.stringify(stage?.['AccessLogSettings']),
      /"code\\":\\"\$context\.authorizer\.code\\",\\"error\\":\\"\$context\.error\.responseType\\"/,
    );

    const bundles = readdirSync(join(folder, 'cdk.out'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('index.mjs'))
      .map((name) => join(folder, 'cdk.out', name));
    assert.lengthOf(bundles, 2);
    const [bundle = ''] = bundles.filter((name) => readFileSync(name, 'utf8').includes('isAuthorized'));
    assert.propertyVal(await ask(bundle, HTTP_EVENT), 'isAuthorized', true);
  });
});
