import { readFileSync } from 'node:fs';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { LAMBDAS, lambdaPath, sizeOfLambda } from '../../scripts/bundle-lambda.ts';
import { OSLS_ENVIRONMENT, startOslsOffline } from '../../scripts/osls-offline.ts';
import { must, ROOT, tool } from '../../scripts/run.ts';
import { startStandIn } from '../../scripts/start/stand-in.ts';
import { ALARMS, alarmsOf } from '../support/aws-alarms.ts';
import { HOST, jwks, makeKey, sign } from '../support/issuer.ts';
import { assertDoctorFindsNothing } from './doctor.ts';

const standIn = await startStandIn({});
const now = Math.floor(Date.now() / 1000);
const times = { iat: now, exp: now + 3600 };
const ASSERTION = 'x-pomerium-jwt-assertion';
const good = await sign(standIn.key, times);

const ENVIRONMENT = {
  POMERIUM_AUDIENCE: HOST,
  POMERIUM_JWKS_URL: standIn.jwksUrl(),
  POMERIUM_POLICY: JSON.stringify({ allow: { or: [{ domain: 'example.com' }] }, deny: { or: [{ user: 'u-denied' }] } }),
};

describe('serverless.yml, under osls offline', () => {
  let offline: Awaited<ReturnType<typeof startOslsOffline>>;
  beforeAll(async () => {
    offline = await startOslsOffline(ENVIRONMENT);
  });
  afterAll(async () => {
    await offline.stop();
    await standIn.close();
  });

  test('the refresher, which runs each minute, has what it needs', async () => {
    const path = '/2015-03-31/functions/pomerium-authorizer-dev-refresher/invocations';
    const response = await fetch(offline.lambdaUrl + path, { method: 'POST', body: '{}' });
    assert.equal(response.status, 200);
    assert.notMatch(await response.text(), /error/i);
  });

  for (const [api, path] of [
    ['the HTTP API', '/http'],
    ['the REST API', '/rest'],
  ] as const) {
    const get = (headers: Record<string, string>) => fetch(offline.url + path, { headers });

    test(`${api}: who came through Pomerium gets in, and the function knows who it is`, async () => {
      const response = await get({ [ASSERTION]: good });
      assert.equal(response.status, 200);
      const context = (await response.json()) as Record<string, unknown>;
      assert.include(context, { subject: 'u-alice', email: 'alice@example.com', groups: '["g1","engineering"]' });
    });

    // An HTTP API answers 401 by itself, and 403 to what the authorizer refuses; a REST API has the authorizer's 401.
    const unproved = api === 'the HTTP API' ? 403 : 401;
    const refused: [string, () => Promise<Record<string, string>>, number][] = [
      ['without an assertion', async () => ({}), 401],
      ['expired', async () => ({ [ASSERTION]: await sign(standIn.key, { iat: now - 900, exp: now - 600 }) }), unproved],
      ['signed by a stranger', async () => ({ [ASSERTION]: await sign(await makeKey(), times) }), unproved],
      ['for another service', async () => ({ [ASSERTION]: await sign(standIn.key, { ...times, aud: 'x' }) }), unproved],
      ['with forged claims only', async () => ({ 'x-pomerium-claim-email': 'root@example.com' }), 401],
    ];
    for (const [name, headers, status] of refused) {
      test(`${api}: ${name} is refused`, async () => {
        assert.equal((await get(await headers())).status, status);
      });
    }

    test(`${api}: the metrics are those that the alarms watch`, async () => {
      await offline.printed(/"service":"pomerium-authorizer-dev-authorizer","code":"allowed","Decisions":1/);
      await offline.printed(/"service":"pomerium-authorizer-dev-authorizer","Latency":/);
    });

    test(`${api}: the doctor finds nothing of ours`, async () => {
      // For an HTTP API the offline gateway hands on the last of two equal headers; AWS joins them with a comma, which is refused.
      const known = api === 'the HTTP API' ? ['the assertion twice'] : [];
      await assertDoctorFindsNothing(offline.url + path, standIn.key, { known });
    });

    test(`${api}: whom the policy denies gets a 403`, async () => {
      const denied = await sign(standIn.key, { ...times, sub: 'u-denied', user: 'u-denied' });
      assert.equal((await get({ [ASSERTION]: denied })).status, 403);
    });
  }
});

/** What `osls package` makes of the file, with routes in place of an audience. */
const ROUTES = {
  POMERIUM_ROUTES: JSON.stringify([{ from: `https://${HOST}`, to: 'http://app', allow_any_authenticated_user: true }]),
  POMERIUM_LIST_CLAIMS: 'roles',
  POMERIUM_LEAVE_TO_POMERIUM: 'source_ip',
};

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: as many shapes as types
  readonly Properties: any;
}

describe('osls package', () => {
  let template: {
    Resources: Record<string, Resource>;
    Outputs: Record<string, { Value: unknown }>;
    Conditions: object;
  };
  beforeAll(async () => {
    await must(tool('osls'), ['package', '--param=restAccessLogs=true'], {
      capture: true,
      env: { ...OSLS_ENVIRONMENT, ...ROUTES },
    });
    template = JSON.parse(readFileSync(`${ROOT}.serverless/cloudformation-template-update-stack.json`, 'utf8'));
  });
  const propertiesOf = (name: string) => template.Resources[name]?.Properties;
  const ofType = (type: string) => Object.values(template.Resources).filter(({ Type }) => Type === type);

  test('packs each function as one small file', () => {
    for (const name of LAMBDAS) console.info(`${name}.mjs: ${Math.round(sizeOfLambda(name) / 1000)} kB minified`);
    assert.isBelow(sizeOfLambda('authorizer'), 191_400);
  });

  test('its metrics have the name that the alarms know, whatever the service is called', async () => {
    const event = {
      type: 'TOKEN',
      methodArn: 'arn:aws:execute-api:us-east-1:1:a/dev/GET/rest',
      authorizationToken: good,
    };
    const script = `const { handler } = await import(${JSON.stringify(lambdaPath('authorizer'))});
      await handler(${JSON.stringify(event)}, {});
      process.exit(0);`;
    const output = await must(process.execPath, ['--input-type=module', '--eval', script], {
      capture: true,
      env: {
        POMERIUM_AUDIENCE: HOST,
        POMERIUM_JWKS: JSON.stringify(jwks(standIn.key)),
        AWS_LAMBDA_FUNCTION_NAME: 'the-function',
        POWERTOOLS_SERVICE_NAME: 'another-service',
      },
    });
    assert.match(output, /"service":"the-function","code":"allowed","Decisions":1/);
    assert.notInclude(output, 'another-service');
  });

  test('takes routes in place of an audience, gives each function what it reads, and nothing that is not set', () => {
    for (const name of ['Authorizer', 'Refresher']) {
      const { POMERIUM_JWKS_SSM, ...variables } = propertiesOf(`${name}LambdaFunction`).Environment.Variables;
      assert.isString(POMERIUM_JWKS_SSM);
      assert.deepEqual(variables, ROUTES);
    }
    for (const name of ['Http', 'Rest', 'Socket']) {
      assert.isUndefined(propertiesOf(`${name}SampleLambdaFunction`).Environment);
    }
  });

  test('names nothing that is not there', () => {
    const text = JSON.stringify(template);
    const references = [
      ...[...text.matchAll(/"Ref":"([A-Za-z]\w+)"/g)].map(([, name]) => name),
      ...[...text.matchAll(/"Fn::GetAtt":\["(\w+)"/g)].map(([, name]) => name),
    ];
    assert.isAbove(references.length, 50);
    assert.includeMembers(Object.keys(template.Resources), references);
    const conditions = [...text.matchAll(/"(?:Condition":|Fn::If":\[)"(\w+)"/g)].map(([, name]) => name);
    assert.sameMembers([...new Set(conditions)], Object.keys(template.Conditions));
  });

  test('lets each function do what it needs, and nothing else', () => {
    const actions = {
      Authorizer: ['ssm:GetParameter'],
      Refresher: ['ssm:GetParameter', 'ssm:PutParameter'],
      Sample: [],
    };
    for (const [name, ownActions] of Object.entries(actions)) {
      const { Policies, ManagedPolicyArns } = propertiesOf(`${name}Role`);
      assert.isUndefined(ManagedPolicyArns);
      const statements = Policies[0].PolicyDocument.Statement as { Action: string[] | string; Resource: unknown }[];
      assert.sameMembers(
        statements.flatMap(({ Action }) => Action),
        [
          ...ownActions,
          'logs:CreateLogStream',
          'logs:PutLogEvents',
          'xray:PutTraceSegments',
          'xray:PutTelemetryRecords',
        ],
      );
      const wide = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);
      assert.deepEqual(wide, ['xray:PutTraceSegments', 'xray:PutTelemetryRecords']);
    }
  });

  test('lets no API of another account call a function', () => {
    // But for the one that callerArn names.
    const { CallerPermission, ...others } = template.Resources;
    assert.isDefined(CallerPermission);
    const permissions = Object.entries(others).filter(([, { Type }]) => Type === 'AWS::Lambda::Permission');
    assert.isAbove(permissions.length, 5);
    for (const [name, { Properties }] of permissions) assert.isObject(Properties.SourceArn, name);
  });

  test('has no other role: osls would make one that may change all others', () => {
    assert.lengthOf(ofType('AWS::IAM::Role'), 3);
  });

  test('logs the code of a refusal at each API', () => {
    // The stage of the REST API osls changes by itself, after the deployment.
    const types = ['AWS::ApiGateway::Stage', 'AWS::ApiGatewayV2::Stage'];
    const formats = types.flatMap(ofType).map(({ Properties }) => JSON.parse(Properties.AccessLogSettings.Format));
    assert.lengthOf(formats, 2);
    for (const { code } of formats) assert.equal(code, '$context.authorizer.code');
  });

  test('keeps no log for ever, and traces each function', () => {
    for (const { Properties } of ofType('AWS::Logs::LogGroup')) assert.equal(Properties.RetentionInDays, 30);
    const ours = ofType('AWS::Lambda::Function').filter(({ Properties }) =>
      /sample|authorizer|refresher/.test(Properties.Handler),
    );
    assert.lengthOf(ours, 5);
    for (const { Properties } of ours) assert.equal(Properties.TracingConfig.Mode, 'Active');
  });

  test('has the alarms of all deployables', () => {
    assert.deepEqual(alarmsOf(template.Resources), ALARMS);
  });

  test('gives other stacks an ARN that no deployment changes', () => {
    assert.deepEqual(template.Outputs['AuthorizerArn']?.Value, { 'Fn::GetAtt': ['AuthorizerLambdaFunction', 'Arn'] });
    assert.isEmpty(ofType('AWS::Lambda::Version'));
  });

  test('calls no authorizer of the REST API for what is no JWT', () => {
    const { Type, IdentitySource, IdentityValidationExpression } = propertiesOf('AuthorizerApiGatewayAuthorizer');
    assert.equal(Type, 'TOKEN');
    assert.equal(IdentitySource, 'method.request.header.x-pomerium-jwt-assertion');
    const expression = new RegExp(IdentityValidationExpression);
    assert.match(good, expression);
    for (const other of ['', 'none', `${good},${good}`, `Bearer ${good}`]) assert.notMatch(other, expression);
  });

  test('answers problems, and tells a client no more than the status', () => {
    const answers = ofType('AWS::ApiGateway::GatewayResponse').map(({ Properties }) => Properties);
    assert.lengthOf(answers, 4);
    for (const { StatusCode, ResponseTemplates } of answers) {
      const { status, ...body } = JSON.parse(ResponseTemplates['application/json']);
      assert.equal(status, Number(StatusCode));
      assert.hasAllKeys(body, ['type', 'title']);
    }
  });

  test('without audience and routes nothing is deployed', async () => {
    const failed = await must(tool('osls'), ['print'], { capture: true, env: OSLS_ENVIRONMENT }).catch(String);
    assert.match(failed, /Cannot resolve variable at "custom.audienceOrRoutes"/);
  });
});
