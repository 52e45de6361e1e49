import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { PomeriumAuthorizer, type PomeriumAuthorizerProps } from './lib/pomerium-authorizer.ts';

/** The authorizer alone, for the APIs of other stacks. */
export class PomeriumStack extends Stack {
  readonly pomerium: PomeriumAuthorizer;

  constructor(scope: Construct, id: string, props: PomeriumAuthorizerProps & StackProps) {
    super(scope, id, props);
    this.pomerium = new PomeriumAuthorizer(this, 'Pomerium', props);
  }
}
