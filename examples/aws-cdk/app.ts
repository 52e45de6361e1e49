import { App } from 'aws-cdk-lib';
import { PomeriumStack } from './stack.ts';

// npx cdk deploy --app 'node app.ts'
new PomeriumStack(new App(), 'pomerium', {
  audience: 'api.corp.example.com',
  upstream: 'https://app.internal.example.com',
});
