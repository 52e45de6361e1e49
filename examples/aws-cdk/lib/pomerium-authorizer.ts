import { fileURLToPath } from 'node:url';
import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type IFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { InvocationType, Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import { addAlarms } from './alarms.ts';

export interface PomeriumAuthorizerProps {
  /** The host name of the route in Pomerium. Either this or POMERIUM_ROUTES in `environment`. */
  readonly audience?: string;
  /** All other POMERIUM_* variables (docs/gate.md). */
  readonly environment?: Readonly<Record<string, string>>;
  /** How many requests it may check at once. @default as many as the account has to give */
  readonly reservedConcurrency?: number;
  /** @default one month */
  readonly logRetention?: RetentionDays;
  /** What is told of alarms. @default nobody */
  readonly alarmTopic?: ITopic;
  /** How many forged assertions in five minutes raise an alarm. @default 10 */
  readonly forgedThreshold?: number;
  /** How many refusals in five minutes raise an alarm, where nobody at all is let in. @default 10 */
  readonly refusedThreshold?: number;
}

const timeout = Duration.seconds(10);

/** Pomerium's authorizer for API Gateway, and the function that keeps Pomerium's keys in SSM for it. */
export class PomeriumAuthorizer extends Construct {
  /** Its ARN has no version: a stack that imports it blocks no deployment. */
  readonly authorizer: IFunction;
  readonly refresher: NodejsFunction;
  readonly parameter: StringParameter;

  constructor(scope: Construct, id: string, props: PomeriumAuthorizerProps) {
    super(scope, id);
    // Its value is the refresher's; until its first run it holds no keys, and the authorizer asks Pomerium itself.
    this.parameter = new StringParameter(this, 'Jwks', { stringValue: '{}' });
    const { reservedConcurrency } = props;
    this.authorizer = this.makeFunction('authorizer', ['ssm:GetParameter'], props, reservedConcurrency);
    this.refresher = this.makeFunction('refresher', ['ssm:GetParameter', 'ssm:PutParameter'], props);
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(this.refresher)],
    });
    // Once with the first deployment, too, which goes on if it fails: Pomerium may have the route later.
    new Trigger(this, 'FirstRefresh', { handler: this.refresher, invocationType: InvocationType.EVENT });
    // It is about callers of a version or an alias: the schedule calls the function, and the trigger has a permission of its own.
    Annotations.of(this.refresher).acknowledgeWarning('@aws-cdk/aws-lambda:addPermissionsToVersionOrAlias');
    const { authorizer, refresher } = this;
    addAlarms(this, { authorizer, refresher, timeout }, props);
  }

  /** For HTTP APIs of this stack and of others. */
  httpAuthorizer(): HttpLambdaAuthorizer {
    return new HttpLambdaAuthorizer('Pomerium', this.authorizer, {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      // Without this header API Gateway answers 401 by itself.
      identitySource: ['$request.header.x-pomerium-jwt-assertion'],
      // Pomerium signs a new assertion for every request: a cached answer is never used again.
      resultsCacheTtl: Duration.seconds(0),
    });
  }

  private makeFunction(
    name: 'authorizer' | 'refresher',
    parameterActions: string[],
    { audience, environment, logRetention = RetentionDays.ONE_MONTH }: PomeriumAuthorizerProps,
    reservedConcurrency?: number,
  ): NodejsFunction {
    const logGroup = new LogGroup(this, `${name}-logs`, {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of its own: the one that the CDK makes may write to every log group of the account.
    const role = new Role(this, `${name}-role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: parameterActions, resources: [this.parameter.parameterArn] }));
    logGroup.grantWrite(role);
    return new NodejsFunction(this, name, {
      entry: fileURLToPath(new URL(`../functions/${name}.ts`, import.meta.url)),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout,
      tracing: Tracing.ACTIVE,
      role,
      logGroup,
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      environment: {
        ...environment,
        ...(audience && { POMERIUM_AUDIENCE: audience }),
        POMERIUM_JWKS_SSM: this.parameter.parameterName,
      },
      bundling: { format: OutputFormat.ESM, minify: true, keepNames: true },
    });
  }
}
