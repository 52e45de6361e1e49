import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { createVerifier, type PomeriumEvent, type RefreshFailure, remoteKeys } from '../../core/index.ts';
import { ROOT } from '../../scripts/run.ts';
import { createTestIssuer, type Fault, type JwksServer, type TestIssuer } from '../../testing/index.ts';
import { codeOf } from '../support/verifying.ts';

describe('issuer.serve()', () => {
  let issuer: TestIssuer;
  let server: JwksServer;
  beforeAll(async () => {
    issuer = await createTestIssuer();
    server = await issuer.serve();
  });
  afterAll(() => server.close());

  /** A verifier that has no keys yet. */
  function makeVerifier(): { verify(): Promise<string>; events: PomeriumEvent[] } {
    const events: PomeriumEvent[] = [];
    const keys = remoteKeys(server.jwksUrl, { timeout: 0.3 });
    const verifier = createVerifier({ audience: issuer.host, keys, onEvent: (event) => events.push(event) });
    return { events, verify: () => codeOf(async () => verifier.verify(await issuer.sign())) };
  }

  test('publishes the keys on loopback, and counts who asks', async () => {
    assert.match(server.jwksUrl, /^http:\/\/127\.0\.0\.1:\d+\/\.well-known\/pomerium\/jwks\.json$/);
    const before = server.hits;
    const { verify } = makeVerifier();
    assert.equal(await verify(), 'valid');
    assert.equal(await verify(), 'valid');
    assert.equal(server.hits, before + 1);
    assert.equal((await fetch(`${server.url}/elsewhere`)).status, 404);
    const { headers } = await fetch(server.jwksUrl, { method: 'HEAD' });
    assert.equal(headers.get('access-control-allow-origin'), '*');
  });

  const faults: [Fault, RefreshFailure][] = [
    ['down', 'unreachable'],
    ['slow', 'timeout'],
    ['garbage', 'unusable_document'],
    ['html', 'unusable_document'],
    ['redirect', 'redirect'],
    ['keys-null', 'unusable_document'],
    ['too-large', 'too_large'],
    ['error', 'status'],
  ];
  for (const [fault, reason] of faults) {
    test(`can be ${fault}: the verifier says ${reason}, and recovers`, async () => {
      server.fault(fault);
      const { verify, events } = makeVerifier();
      assert.equal(await verify(), 'keys_unavailable');
      assert.deepInclude(
        events.find(({ type }) => type === 'keys_refresh_failed'),
        { reason },
      );
      server.fault(undefined);
      assert.equal(await makeVerifier().verify(), 'valid');
    });
  }
});

test('works under node:test, from the package', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', 'test/testing/node-test.mjs'], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'test', NODE_OPTIONS: '' },
  });
  assert.match(stdout, /pass 1/);
});
