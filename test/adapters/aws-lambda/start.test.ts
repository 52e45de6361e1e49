import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { freePort } from '../../../scripts/free-port.ts';
import { HOST, jwks, makeKey, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { http2 } from './events.ts';
import { bundleFunction } from './functions/bundle.ts';
import { startSsm } from './ssm-server.ts';

/** A process of its own that has nothing open but what the function opens: Node.js ends it where nothing keeps it. */
interface Start {
  readonly exitCode: number | null;
  /** Until `handler.ready` was resolved. */
  readonly milliseconds: number;
  readonly answer: { readonly isAuthorized: boolean } | undefined;
  readonly log: readonly Readonly<Record<string, unknown>>[];
}

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
const file = join(folder, 'authorizer.mjs');
const ssm = await startSsm();
const key = await makeKey();
const PARAMETER = '/pomerium-edge/jwks';
const storeOnly = { POMERIUM_FETCH_KEYS: 'false', POMERIUM_JWKS_SSM: PARAMETER, ...ssm.variables };
const JWKS_URL = `https://${HOST}/.well-known/pomerium/jwks.json`;

beforeAll(() => bundleFunction('authorizer', file));
afterAll(async () => {
  await ssm.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  variables: Readonly<Record<string, string>>,
  { TMPDIR = mkdtempSync(join(folder, 'tmp-')) } = {},
): Promise<Start> {
  const child = spawn(process.execPath, [file], {
    env: { TMPDIR, POMERIUM_AUDIENCE: HOST, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const [output, errors] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  const [exitCode] = await exited;
  const told = Buffer.concat(output).toString();
  const lines = Buffer.concat(errors).toString().split('\n').filter(Boolean);
  return {
    exitCode,
    ...(told ? JSON.parse(told) : { milliseconds: Number.NaN, answer: undefined }),
    log: lines.map((line) => (line.startsWith('{') ? JSON.parse(line) : { line })),
  };
}

const url = async (...steps: Parameters<typeof Origin.start>) => ({
  POMERIUM_JWKS_URL: (await Origin.start(...steps)).url,
});

describe('a function that starts while keys cannot be had', () => {
  const origins: [name: string, variables: () => Promise<Record<string, string>>, ...says: RegExp[]][] = [
    [
      'the connection is refused',
      async () => ({ POMERIUM_JWKS_URL: `http://127.0.0.1:${await freePort()}/` }),
      /connection was refused/,
    ],
    ['the host name cannot be resolved', async () => ({ TEST_DNS: 'fails' }), /host name cannot be resolved/],
    ['Pomerium answers 500', () => url({ status: 500 }), /answers with status 500/],
    ['Pomerium answers with a page', () => url({ body: '<!doctype html>' }), /not a JWKS/],
    ['Pomerium has no signing key', () => url(jwksAnswer('{"keys":null}')), /signing_key/],
    // Lambda freezes the process after the first line; here it goes on.
    ['Pomerium hangs', () => url({ hang: true }), /did not come within 2 s/, /no whole answer within 5 s/],
  ];
  for (const [name, variables, ...says] of origins) {
    test(`goes on and says once why, where ${name}`, async () => {
      const { exitCode, milliseconds, log } = await start(await variables());
      assert.equal(exitCode, 0);
      assert.isBelow(milliseconds, 2500);
      assert.lengthOf(log, says.length);
      for (const [index, pattern] of says.entries()) assert.match(String(log[index]?.['message']), pattern);
    });
  }

  const event = async () => JSON.stringify(http2({ 'x-pomerium-jwt-assertion': await sign(key, { exp: 9e9 }) }));
  const entryOf = (url: string) =>
    JSON.stringify({
      version: 1,
      url,
      document: JSON.stringify(jwks(key)),
      fetchedAt: Math.floor(Date.now() / 1000) - 5,
      maxAge: 60,
      etag: null,
      unknownKeyAt: null,
    });

  test('lets people in with its first event where Pomerium came back after both attempts of init', async () => {
    const variables = await url({ status: 503 }, { status: 503 }, jwksAnswer(jwks(key)));
    const { exitCode, answer, log } = await start({ ...variables, TEST_EVENT: await event() });
    assert.equal(exitCode, 0);
    assert.include(answer, { isAuthorized: true });
    assert.lengthOf(log, 1);
  });

  const stores: [name: string, parameter: string | undefined, failure: string | undefined, says: RegExp][] = [
    ['the parameter is not there', undefined, undefined, /\/pomerium-edge\/jwks holds no keys yet: run the refresher/],
    ['the parameter is new', '{}', undefined, /holds no keys yet/],
    ['it may not read the parameter', undefined, 'AccessDeniedException', /AccessDenied.*allow ssm:GetParameter/],
    [
      'the parameter has the keys of another URL',
      entryOf('https://api1.corp.example.com/jwks'),
      undefined,
      /holds the keys of .*POMERIUM_JWKS_URL/,
    ],
  ];
  for (const [name, parameter, failure, says] of stores) {
    test(`without a way out: goes on and says once why, where ${name}`, async () => {
      ssm.parameters.clear();
      if (parameter) ssm.parameters.set(PARAMETER, parameter);
      ssm.failure = failure;
      try {
        const { exitCode, milliseconds, log } = await start(storeOnly);
        assert.equal(exitCode, 0);
        assert.isBelow(milliseconds, 2500);
        assert.lengthOf(log, 1);
        assert.match(String(log[0]?.['message']), says);
      } finally {
        ssm.failure = undefined;
      }
    });
  }

  for (const delay of [0, 250, 300, 350, 500]) {
    test(`without a way out: lets people in with its first event, and says nothing, where SSM takes ${delay} ms`, async () => {
      ssm.parameters.set(PARAMETER, entryOf(JWKS_URL));
      ssm.delay = delay;
      try {
        const { exitCode, answer, log } = await start({ ...storeOnly, TEST_EVENT: await event() });
        assert.equal(exitCode, 0);
        assert.include(answer, { isAuthorized: true });
        assert.deepEqual(log, []);
      } finally {
        ssm.delay = 0;
      }
    });
  }

  test('a process that follows a crash says why, too, though it need not ask what the first one learned', async () => {
    const TMPDIR = mkdtempSync(join(folder, 'tmp-'));
    const variables = await url({ status: 500 });
    await start(variables, { TMPDIR });
    const { exitCode, log } = await start(variables, { TMPDIR });
    assert.equal(exitCode, 0);
    assert.lengthOf(log, 1);
    assert.match(String(log[0]?.['message']), /failed a moment ago|status 500/);
  });

  test('SSM beside Pomerium: what is wrong with the parameter is one line, and keys come from Pomerium', async () => {
    ssm.failure = 'AccessDeniedException';
    try {
      const variables = { ...(await url(jwksAnswer(jwks(key)))), ...ssm.variables, POMERIUM_JWKS_SSM: PARAMETER };
      const { exitCode, answer, log } = await start({ ...variables, TEST_EVENT: await event() });
      assert.equal(exitCode, 0);
      assert.include(answer, { isAuthorized: true });
      assert.lengthOf(log, 1);
      assert.include(log[0], { type: 'store_failed', operation: 'get' });
    } finally {
      ssm.failure = undefined;
    }
  });
});
