import { fileURLToPath } from 'node:url';
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { InvocationType, Trigger } from 'aws-cdk-lib/triggers';
import type { Construct } from 'constructs';

export interface PomeriumStackProps extends StackProps {
  /** The host name of the route in Pomerium. */
  readonly audience: string;
  /** What is behind the API. */
  readonly upstream: string;
}

/** An HTTP API behind Pomerium: its authorizer, and the function that keeps Pomerium's keys in SSM for it. */
export class PomeriumStack extends Stack {
  constructor(scope: Construct, id: string, { audience, upstream, ...props }: PomeriumStackProps) {
    super(scope, id, props);
    // Its value is the refresher's; until its first run it holds no keys, and the authorizer asks Pomerium itself.
    const parameter = new StringParameter(this, 'Jwks', { stringValue: '{}' });
    const makeFunction = (name: string) =>
      new NodejsFunction(this, name, {
        entry: fileURLToPath(new URL(`${name.toLowerCase()}.ts`, import.meta.url)),
        runtime: Runtime.NODEJS_24_X,
        architecture: Architecture.ARM_64,
        memorySize: 256,
        timeout: Duration.seconds(10),
        environment: { POMERIUM_AUDIENCE: audience, POMERIUM_JWKS_SSM: parameter.parameterName },
        bundling: { format: OutputFormat.ESM, minify: true, keepNames: true, externalModules: ['@aws-sdk/*'] },
      });

    const authorizer = makeFunction('Authorizer');
    parameter.grantRead(authorizer);
    const refresher = makeFunction('Refresher');
    parameter.grantRead(refresher);
    parameter.grantWrite(refresher);
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(refresher)],
    });
    // Once with the first deployment, too, which goes on if it fails: Pomerium may have the route later.
    new Trigger(this, 'FirstRefresh', { handler: refresher, invocationType: InvocationType.EVENT });

    new HttpApi(this, 'Api', {
      defaultIntegration: new HttpUrlIntegration('Upstream', upstream),
      defaultAuthorizer: new HttpLambdaAuthorizer('Pomerium', authorizer, {
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        identitySource: ['$request.header.x-pomerium-jwt-assertion'],
        // Pomerium signs a new assertion for every request: a cached answer is never used again.
        resultsCacheTtl: Duration.seconds(0),
      }),
    });
  }
}
