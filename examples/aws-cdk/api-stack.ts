import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpStage,
  LogGroupLogDestination,
  MappingValue,
  ParameterMapping,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { PomeriumAuthorizer } from './lib/pomerium-authorizer.ts';

export interface ApiStackProps extends StackProps {
  readonly pomerium: PomeriumAuthorizer;
  /** What is behind the API. */
  readonly upstream: string;
}

/** What stands in the access log for each request. Of a refusal: its code, and API Gateway's own word for it. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  route: '$context.routeKey',
  status: '$context.status',
  subject: '$context.authorizer.subject',
  code: '$context.authorizer.code',
  error: '$context.error.responseType',
};

/** An HTTP API behind Pomerium; the authorizer may be in another stack. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, { pomerium, upstream, ...props }: ApiStackProps) {
    super(scope, id, props);
    // An authorizer changes no header: what is behind the API may believe the first, and no other x-pomerium-claim-*.
    const parameterMapping = new ParameterMapping()
      .overwriteHeader('x-pomerium-claim-sub', MappingValue.contextVariable('authorizer.subject'))
      .removeHeader('x-pomerium-claim-email')
      .removeHeader('x-pomerium-jwt-assertion');
    const httpApi = new HttpApi(this, 'Api', {
      defaultIntegration: new HttpUrlIntegration('Upstream', upstream, { parameterMapping }),
      defaultAuthorizer: pomerium.httpAuthorizer(),
      createDefaultStage: false,
    });
    const logGroup = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi,
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    new CfnOutput(this, 'Url', { value: httpApi.apiEndpoint });
  }
}
