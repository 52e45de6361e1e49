import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { HttpApi, MappingValue, ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import type { PomeriumAuthorizer } from './lib/pomerium-authorizer.ts';

export interface ApiStackProps extends StackProps {
  readonly pomerium: PomeriumAuthorizer;
  /** What is behind the API. */
  readonly upstream: string;
}

/** An HTTP API behind Pomerium; the authorizer may be in another stack. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, { pomerium, upstream, ...props }: ApiStackProps) {
    super(scope, id, props);
    // An authorizer changes no header: what is behind the API may believe the first, and no other x-pomerium-claim-*.
    const parameterMapping = new ParameterMapping()
      .overwriteHeader('x-pomerium-claim-sub', MappingValue.contextVariable('authorizer.subject'))
      .removeHeader('x-pomerium-claim-email')
      .removeHeader('x-pomerium-jwt-assertion');
    const api = new HttpApi(this, 'Api', {
      defaultIntegration: new HttpUrlIntegration('Upstream', upstream, { parameterMapping }),
      defaultAuthorizer: pomerium.httpAuthorizer(),
    });
    new CfnOutput(this, 'Url', { value: api.apiEndpoint });
  }
}
