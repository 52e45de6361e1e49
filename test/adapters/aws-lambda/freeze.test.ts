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

/** A gate asks by `node:https`, `remoteKeys` by `fetch`: one row of each kind shows that it is the same there. */
const BOTH = ['node:https', 'fetch'];
const OURS = ['node:https'];

/** Each with a process of its own that is stopped. */
describe.concurrent('an environment that freezes while the keys of its start are under way', () => {
  type Act = (response: ServerResponse, pomerium: LocalServer) => unknown;
  const meanwhile: [name: string, act: Act, transports: string[]][] = [
    ['Pomerium answered meanwhile', (response) => response.end(document), OURS],
    ['the connection died meanwhile', (_, pomerium) => pomerium.drop(), BOTH],
  ];
  for (const [name, act, transports] of meanwhile) {
    test.for(transports)(`lets people in with its first event, where ${name} (%s)`, async (TEST_TRANSPORT) => {
      let hits = 0;
      let receive: (response: ServerResponse) => void = () => {};
      const first = new Promise<ServerResponse>((resolve) => {
        receive = resolve;
      });
      const pomerium = await serve((_, response) => {
        hits += 1;
        if (hits === 1) receive(response);
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
        await new Promise((done) => setTimeout(done, FREEZE));
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
});

/** One after the other: the thread of the test itself stands still. */
describe('an event that is met before any timer of the start', () => {
  const answers: [name: string, steps: Step[], transports: string[]][] = [
    ['Pomerium never answered', [{ hang: true }, jwksAnswer(document)], OURS],
    ['Pomerium answered a part', [{ drip: true }, jwksAnswer(document)], BOTH],
  ];
  for (const [name, steps, transports] of answers) {
    test.for(transports)(`lets people in, where ${name} (%s)`, async (transport) => {
      const origin = await Origin.start(...steps);
      const handler = withPomerium((_event, _context, identity) => ({ statusCode: 200, body: identity.email }), {
        audience: HOST,
        keys: platformKeys(origin.url, { timeout: 0.3, ...(transport !== 'fetch' && { transport: httpsTransport }) }),
        log: false,
      });
      while ((await origin.count()) === 0);
      // No timer runs, and no answer is read, while the thread stands still.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FREEZE);
      assert.include(await handler(event as never, {} as never), { statusCode: 200, body: 'alice@example.com' });
    });
  }
});
