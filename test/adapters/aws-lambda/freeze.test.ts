import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { httpsTransport } from '../../../adapters/aws-lambda/https-transport.ts';
import { withPomerium } from '../../../adapters/aws-lambda/index.ts';
import { platformKeys } from '../../../core/keys/remote/remote.ts';
import { type LocalServer, serve } from '../../../scripts/start/server.ts';
import { startEnvironment } from '../../e2e/lambda/runtime.ts';
import { HOST, jwks, makeKey, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin, type Step } from '../../support/origin.ts';
import { proxyEvents } from './events.ts';
import { bundleFunction } from './functions/bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
const file = join(folder, 'app.cjs');
const key = await makeKey();
const document = JSON.stringify(jwks(key));
const assertion = await sign(key, { exp: 9e9 });
const event = proxyEvents['a Function URL or HTTP API (2.0)']?.({ 'x-pomerium-jwt-assertion': assertion });

/** Longer than the function's own limit for Pomerium, and by so much that only a freeze explains it. */
const FREEZE = 1500;

beforeAll(() => bundleFunction('app', file, 'cjs'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an environment that freezes while the keys of its start are under way', () => {
  const meanwhile: [name: string, act: (response: ServerResponse, pomerium: LocalServer) => unknown][] = [
    ['Pomerium answered meanwhile', (response) => response.end(document)],
    ['the connection died meanwhile', (_, pomerium) => pomerium.drop()],
  ];
  for (const TEST_TRANSPORT of ['fetch', 'node:https'])
    for (const [name, act] of meanwhile) {
      test(`lets people in with its first event, where ${name} (${TEST_TRANSPORT})`, async () => {
        let hits = 0;
        let asked: (response: ServerResponse) => void = () => {};
        const first = new Promise<ServerResponse>((resolve) => {
          asked = resolve;
        });
        const pomerium = await serve((_, response) => {
          hits += 1;
          if (hits === 1) asked(response);
          else response.end(document);
        });
        const TMPDIR = mkdtempSync(join(folder, 'tmp-'));
        const variables = {
          TMPDIR,
          TEST_TRANSPORT,
          POMERIUM_AUDIENCE: HOST,
          POMERIUM_JWKS_URL: pomerium.url,
          POMERIUM_LOG: 'false',
        };
        const environment = await startEnvironment(file, variables);
        try {
          await environment.initialised;
          const response = await first;
          environment.process.kill('SIGSTOP');
          act(response, pomerium);
          await new Promise((resolve) => setTimeout(resolve, FREEZE));
          // The event is why Lambda thaws the environment: it is there before anything else can go on.
          const invocation = environment.invoke(event);
          environment.process.kill('SIGCONT');
          const { answer } = await invocation;
          assert.include(answer, { statusCode: 200, body: 'alice@example.com' });
        } finally {
          await environment.stop();
          await pomerium.close();
        }
      });
    }

  const answers: [name: string, ...steps: Step[]][] = [
    ['Pomerium never answered', { hang: true }, jwksAnswer(document)],
    ['Pomerium answered a part', { drip: true }, jwksAnswer(document)],
  ];
  for (const transport of [undefined, httpsTransport])
    for (const [name, ...steps] of answers) {
      test(`lets people in with an event that is met before any timer of its start, where ${name} (${transport ? 'node:https' : 'fetch'})`, async () => {
        const origin = await Origin.start(...steps);
        const handler = withPomerium((_event, _context, identity) => ({ statusCode: 200, body: identity.email }), {
          audience: HOST,
          keys: platformKeys(origin.url, { timeout: 0.3, ...(transport && { transport }) }),
          log: false,
        });
        while ((await origin.count()) === 0);
        // No timer runs, and no answer is read, while the thread stands still.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FREEZE);
        assert.include(await handler(event as never, {} as never), { statusCode: 200, body: 'alice@example.com' });
      });
    }
});
