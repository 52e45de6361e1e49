import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { installPackages } from '../support/example-project.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import { readQuickStart } from '../support/quick-start.ts';
import { type Environment, startEnvironment } from './lambda/runtime.ts';

const HOST = 'api.corp.example.com';
const key = await makeKey();
const now = Math.floor(Date.now() / 1000);
const claims = { iss: HOST, aud: HOST, iat: now, exp: now + 300 };
const good = await sign(key, claims);
const foreign = await sign(await makeKey(), claims);

/** What an HTTP API sends its authorizer, payload 2.0. */
const event = (headers: Readonly<Record<string, string>>) => ({
  version: '2.0',
  type: 'REQUEST',
  routeArn: 'arn:aws:execute-api:us-east-1:123456789012:abcdef/$default/GET/hello',
  headers,
  rawPath: '/hello',
  requestContext: { http: { method: 'GET', path: '/hello' }, stage: '$default' },
});

describe('the quick start of docs/aws-lambda.md, in the runtime of Lambda', () => {
  let functions: Record<'authorizer' | 'hello', Environment>;
  let remove: () => void;
  beforeAll(async () => {
    const { packages, files } = readQuickStart('docs/aws-lambda.md');
    const project = await installPackages(packages, files);
    remove = project.remove;
    // What serverless.yml sets; the keys are the test's.
    const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)) };
    const [authorizer, hello] = await Promise.all(
      ['authorizer.mjs', 'hello.mjs'].map((file) => startEnvironment(join(project.folder, file), env)),
    );
    if (authorizer && hello) functions = { authorizer, hello };
  });
  afterAll(async () => {
    await Promise.all(Object.values(functions).map((one) => one.stop()));
    remove();
  });

  const refused: [string, Readonly<Record<string, string>>, string][] = [
    ['without an assertion', {}, 'missing_assertion'],
    ['with forged claims only', { 'x-pomerium-claim-email': 'root@example.com' }, 'missing_assertion'],
    ['signed by a stranger', { 'x-pomerium-jwt-assertion': foreign }, 'unknown_key'],
  ];
  test.each(refused)('%s: nobody gets in', async (_name, headers, code) => {
    const { answer } = await functions.authorizer.invoke(event(headers));
    assert.deepEqual(answer, { isAuthorized: false, context: { code } });
  });

  test('the function behind it knows who came through Pomerium, whatever the client says', async () => {
    const headers = { 'x-pomerium-jwt-assertion': good, 'x-pomerium-claim-email': 'root@example.com' };
    const { answer } = await functions.authorizer.invoke(event(headers));
    assert.propertyVal(answer, 'isAuthorized', true);
    const { context } = answer as { context: object };
    const { requestContext, ...rest } = event(headers);
    const behind = { ...rest, requestContext: { ...requestContext, authorizer: { lambda: context } } };
    const greeting = await functions.hello.invoke(behind);
    assert.deepEqual(greeting.answer, { statusCode: 200, body: 'Hello alice@example.com' });
  });
});
