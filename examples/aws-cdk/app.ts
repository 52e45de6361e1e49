import { App } from 'aws-cdk-lib';
import { ApiStack } from './api-stack.ts';
import { PomeriumStack } from './pomerium-stack.ts';

// npm install && npx cdk deploy --all
const app = new App();
const { pomerium } = new PomeriumStack(app, 'pomerium', { audience: 'api.corp.example.com' });
new ApiStack(app, 'api', { pomerium, upstream: 'https://app.internal.example.com' });
