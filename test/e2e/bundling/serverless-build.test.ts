import { createRequire } from 'node:module';
import { assert, describe, test } from 'vitest';
import { OSLS_ENVIRONMENT } from '../../../scripts/osls-offline.ts';
import { must, ROOT, tool } from '../../../scripts/run.ts';
import { http2 } from '../../adapters/aws-lambda/events.ts';
import { jwks, makeKey } from '../../support/issuer.ts';

type Variables = Readonly<Record<string, unknown>>;
interface Plugin {
  readonly hooks: Readonly<Record<string, () => void>>;
}

const Plugin: new (serverless: object) => Plugin = createRequire(import.meta.url)(
  `${ROOT}scripts/serverless-build.cjs`,
);

/** Before `osls package`, `deploy`, `deploy function` and `offline`. */
const HOOKS = [
  'before:package:createDeploymentArtifacts',
  'before:package:function:package',
  'before:offline:start:init',
];

function pluginFor(environment: Variables): Plugin {
  const functions = {
    authorizer: { handler: 'dist/lambda/authorizer.handler', environment },
    refresher: {
      handler: 'dist/lambda/refresher.handler',
      environment: { ...environment, POMERIUM_JWKS_SSM: '/jwks' },
    },
    another: { handler: 'another.handler', environment: { POMERIUM_AUDIENCE: 'https://none of ours' } },
  };
  return new Plugin({ service: { functions, provider: {} }, classes: { Error } });
}

describe('scripts/serverless-build.cjs', () => {
  const rows: [name: string, environment: Variables, mistake: RegExp | undefined][] = [
    ['what is right', { POMERIUM_AUDIENCE: 'api.corp.example.com' }, undefined],
    [
      'a URL for an audience',
      { POMERIUM_AUDIENCE: 'https://api.corp.example.com/' },
      /^The function authorizer cannot start: The audience .* is not a host name/,
    ],
    [
      'a variable that is misspelt',
      { POMERIUM_AUDIENCE: 'api.corp.example.com', POMERIUM_POLICYY: '{}' },
      /There is no variable POMERIUM_POLICYY; write POMERIUM_POLICY/,
    ],
    ['what CloudFormation alone knows', { POMERIUM_AUDIENCE: { Ref: 'Host' } }, undefined],
  ];
  for (const [name, environment, mistake] of rows) {
    test(`reads the functions’ variables before they are packaged: ${name}`, () => {
      const { hooks } = pluginFor(environment);
      const check = hooks['before:package:createDeploymentArtifacts'] ?? assert.fail('there is no such hook');
      if (mistake) assert.throws(check, mistake);
      else check();
      for (const hook of HOOKS) assert.equal(hooks[hook], check, hook);
    });
  }

  test('lets osls invoke local run the authorizer', async () => {
    const env = {
      ...OSLS_ENVIRONMENT,
      AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:9',
      POMERIUM_AUDIENCE: 'api.corp.example.com',
      POMERIUM_JWKS: JSON.stringify(jwks(await makeKey())),
    };
    const args = ['invoke', 'local', '--function', 'authorizer', '--data', JSON.stringify(http2({}))];
    const output = await must(tool('osls'), args, { capture: true, env });
    assert.match(output, /"isAuthorized": false/);
    assert.match(output, /"code": "missing_assertion"/);
  });
});
