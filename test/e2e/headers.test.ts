import { request } from 'node:http';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { bundleWorker } from '../../scripts/bundle-worker.ts';
import { type Received, startUpstream } from '../../scripts/start/upstream.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import wire from '../vectors/pomerium-wire.json' with { type: 'json' };
import { startWorkers, type Workers } from './workers.ts';

const ASSERTION = 'x-pomerium-jwt-assertion';
const upstream = await startUpstream();
const key = await makeKey();
let contents: string;

beforeAll(async () => {
  contents = (await bundleWorker({ entry: 'test/e2e/clocked-guard.ts' })).code;
});
afterAll(() => upstream.close());

/** Sends header lines as they are, as bytes, and gives what reached the upstream. */
function send(url: string, lines: readonly (readonly [string, string])[], now: number) {
  const raw = [...lines, ['x-test-clock', String(now)]].flatMap(([name = '', value = '']) => [
    name,
    Buffer.from(value).toString('latin1'),
  ]);
  return new Promise<{ code: string; received: Received | undefined }>((resolve, reject) => {
    upstream.takeReceived();
    const outgoing = request(url, { headers: ['Host', new URL(url).host, ...raw] }, async (response) => {
      const body = Buffer.concat(await response.toArray()).toString();
      const received = upstream.takeReceived();
      resolve({ code: received ? 'valid' : JSON.parse(body).code, received });
    });
    outgoing.on('error', reject).end();
  });
}

/** What a CGI program would see: the variable that it makes of each header of Pomerium's. */
function variables(received: Received | undefined): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const [name, value] of received?.headers ?? []) {
    const variable = name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
    if (/POMERIUM|DEPARTMENT/.test(variable))
      seen[variable] = variable in seen ? `${seen[variable]} AND ${value}` : value;
  }
  return seen;
}

describe('whatever a client writes, the upstream sees only what was verified', () => {
  let guard: Workers;
  beforeAll(async () => {
    guard = await startWorkers(contents, 1, {
      bindings: {
        POMERIUM_AUDIENCE: HOST,
        POMERIUM_JWKS: JSON.stringify(jwks(key)),
        POMERIUM_UPSTREAM: upstream.url,
        POMERIUM_CLAIM_HEADERS: 'department, X-Department=department',
      },
    });
  });
  afterAll(() => guard.miniflare.dispose());

  const names = [
    'x-pomerium-claim-email',
    'X-Pomerium-Claim-Email',
    'X-POMERIUM-CLAIM-EMAIL',
    'x_pomerium_claim_email',
    'X_Pomerium_Claim_Email',
    'x-pomerium_claim-email',
    'x.pomerium.claim.email',
    'x-pomerium-claim.email',
    'x~pomerium~claim~email',
    'x|pomerium|claim|email',
    'x-pomerium-claim-groups',
    'x_pomerium_claim_groups',
    'x-pomerium-claim-user',
    'x_pomerium_claim_user',
    'x-pomerium-claim-name',
    'x-pomerium-claim-admin',
    'X_Pomerium_Claim_Admin',
    'x-pomerium-claim-department',
    'x_pomerium_claim_department',
    'X-Department',
    'x_department',
    'X.Department',
    'x_pomerium_jwt_assertion',
    'x.pomerium.jwt.assertion',
    'x-pomerium-jwt-assertion-for',
    'X_Pomerium_Jwt_Assertion_For',
    'x-pomerium-edge-truncated',
    'x-pomerium-routing-key',
    'x-pomerium-anything',
  ];
  for (const name of names) {
    test(name, async () => {
      const assertion = await sign(key, { department: 'R&D' });
      const forged: [string, string] = [name, 'root@evil.test'];
      const { received } = await send(guard.urls[0] ?? '', [forged, [ASSERTION, assertion], forged], NOW);
      assert.deepEqual(variables(received), {
        X_DEPARTMENT: 'R&D',
        X_POMERIUM_CLAIM_DEPARTMENT: 'R&D',
        X_POMERIUM_CLAIM_EMAIL: 'alice@example.com',
        X_POMERIUM_CLAIM_GROUPS: 'g1,engineering',
        X_POMERIUM_CLAIM_NAME: 'Alice Liddell',
        X_POMERIUM_CLAIM_USER: 'u-alice',
        X_POMERIUM_JWT_ASSERTION: assertion,
      });
    });
  }

  test('a second assertion, however it is written', async () => {
    const assertion = await sign(key);
    for (const name of [ASSERTION, 'X-Pomerium-Jwt-Assertion']) {
      const { code, received } = await send(
        guard.urls[0] ?? '',
        [
          [ASSERTION, assertion],
          [name, assertion],
        ],
        NOW,
      );
      assert.equal(code, 'duplicate_assertion');
      assert.isUndefined(received);
    }
  });
});

describe('a request as Pomerium really sends it', () => {
  for (const recorded of wire.cases) {
    test(`${recorded.name}: ${recorded.expect}`, async () => {
      const guard = await startWorkers(contents, 1, {
        bindings: {
          POMERIUM_AUDIENCE: recorded.host.toLowerCase(),
          POMERIUM_JWKS: wire.jwks.body,
          POMERIUM_UPSTREAM: upstream.url,
          POMERIUM_CLAIM_HEADERS: 'department',
        },
      });
      try {
        const sent = recorded.raw.map(([name = '', value = '']): [string, string] => [name, value]);
        const lines = sent.filter(([name]) => name.toLowerCase() !== 'host');
        const { code, received } = await send(guard.urls[0] ?? '', lines, recorded.validAt);
        assert.include(recorded.expect.split('|'), code);
        // What Pomerium wrote itself arrives as it wrote it, byte for byte; what it let through does not.
        const own = /^x-pomerium-(claim-(email|groups|name|user|department)|jwt-assertion)$/i;
        const lowerCased = (headers: readonly (readonly [string, string])[]) =>
          headers.map(([name, value]) => [name.toLowerCase(), value]).sort();
        const theirs = sent.filter(([name]) => own.test(name));
        const ours = received?.headers.filter(([name]) => /pomerium/i.test(name)) ?? [];
        assert.deepEqual(lowerCased(ours), received ? lowerCased(theirs) : []);
      } finally {
        await guard.miniflare.dispose();
      }
    });
  }
});
