import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { decodeJwt, jwtVerify } from 'jose';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { type LocalServer, serve } from '../../scripts/start/server.ts';
import { HOST, makeKey } from '../support/issuer.ts';
import { runCli } from './run-cli.ts';
import { file, folder, key, runDoctor, verifier } from './run-doctor.ts';

const publicKey = await crypto.subtle.importKey(
  'jwk',
  key.publicJwk as JsonWebKey,
  { name: 'ECDSA', namedCurve: 'P-256' },
  true,
  ['verify'],
);

const ASSERTION = 'x-pomerium-jwt-assertion';
const tokenOf = ({ headers }: IncomingMessage) => String(headers[ASSERTION] ?? '');
const isVerified = (request: IncomingMessage) =>
  verifier.verifyRequest({ headers: request.headersDistinct as Record<string, string[]> }).then(
    () => true,
    () => false,
  );

/** An endpoint that says who may come in, as its author thought; `body`: what it answers. */
interface Endpoint {
  readonly name: string;
  isAllowed(request: IncomingMessage): boolean | Promise<boolean>;
  body?(request: IncomingMessage): string;
  /** With the key, and without it: what is let in. */
  readonly finds: RegExp;
  readonly needsKey: boolean;
}

const verifies = (request: IncomingMessage, options: object) =>
  jwtVerify(tokenOf(request), publicKey, options).then(
    () => true,
    () => false,
  );

const BROKEN: readonly Endpoint[] = [
  { name: 'asks nobody', isAllowed: () => true, finds: /^no assertion$/, needsKey: false },
  {
    name: 'decodes, and does not verify',
    isAllowed(request) {
      try {
        return decodeJwt(tokenOf(request)).aud === HOST;
      } catch {
        return false;
      }
    },
    finds: /^signed by a stranger$/,
    needsKey: false,
  },
  {
    name: 'believes claim headers',
    isAllowed: async (request) => 'x-pomerium-claim-email' in request.headers || isVerified(request),
    finds: /claim headers alone/,
    needsKey: false,
  },
  {
    name: 'does not look at the audience',
    isAllowed: (request) => verifies(request, { issuer: HOST }),
    finds: /^for another route$/,
    needsKey: true,
  },
  {
    name: 'does not look at the time',
    isAllowed: (request) => verifies(request, { issuer: HOST, audience: HOST, clockTolerance: 1e9 }),
    finds: /^expired$/,
    needsKey: true,
  },
  {
    name: 'guards one spelling of its path',
    isAllowed: async (request) => request.url !== '/admin' || isVerified(request),
    finds: /^path \/\/admin$/,
    needsKey: false,
  },
  {
    name: 'serves its function under the name of its file, too',
    isAllowed: async (request) => request.url === '/admin.ts' || isVerified(request),
    finds: /^path \/admin\.ts$/,
    needsKey: false,
  },
  {
    name: 'has a matcher that spares prefetches, as in the guide of Next.js to CSP',
    isAllowed: async (request) => request.headers['purpose'] === 'prefetch' || isVerified(request),
    finds: /^Purpose: prefetch$/,
    needsKey: false,
  },
  {
    name: 'hands forged claims to its app',
    isAllowed: isVerified,
    body: ({ headers }) => `Hello ${headers['x-pomerium-claim-email']}`,
    finds: /with forged claim headers/,
    needsKey: true,
  },
];

async function start({ isAllowed, body }: Pick<Endpoint, 'isAllowed' | 'body'>): Promise<LocalServer> {
  return serve(async (request, response) => {
    const isIn = await isAllowed(request);
    response.writeHead(isIn ? 200 : 401).end(isIn ? (body?.(request) ?? 'secret') : 'no');
  });
}

interface Report {
  findings: { name: string; verdict: string; detail: string }[];
}

async function examine(url: string, ...args: string[]): Promise<{ code: number; letIn: string[]; report: Report }> {
  const { code, stdout, stderr } = await runDoctor(url, '--json', ...args);
  assert.equal(stderr, '');
  const report = JSON.parse(stdout) as Report;
  return { code, report, letIn: report.findings.filter(({ verdict }) => verdict === 'let in').map(({ name }) => name) };
}

describe('pomerium-edge doctor', () => {
  for (const endpoint of BROKEN) {
    test(`finds an endpoint that ${endpoint.name}${endpoint.needsKey ? ', with its key' : ''}`, async () => {
      const server = await start(endpoint);
      try {
        const { code, letIn } = await examine(`${server.url}/admin`, ...(endpoint.needsKey ? ['--key', file] : []));
        assert.equal(code, 1);
        assert.isTrue(
          letIn.some((name) => endpoint.finds.test(name)),
          letIn.join('\n'),
        );
      } finally {
        await server.close();
      }
    });
  }

  test('says first that a path is open, where no assertion is needed', async () => {
    for (const isOpen of [true, false]) {
      const server = await start({ isAllowed: (request) => isOpen || tokenOf(request) !== '' });
      const { code, stdout } = await runDoctor(`${server.url}/admin`);
      assert.equal(code, 1);
      assert.equal(stdout.startsWith('? This path is public, or not guarded: try one that is not public.\n'), isOpen);
      await server.close();
    }
  });

  describe('of an endpoint that is sound', () => {
    let server: LocalServer;
    let served = 0;
    beforeAll(async () => {
      server = await start({
        isAllowed: (request) => {
          served++;
          return isVerified(request);
        },
      });
    });
    afterAll(() => server.close());

    test('finds nothing with its key, and without it cannot tell', async () => {
      for (const [args, unclear] of [
        [['--key', file], []],
        [[], ['a request that must get in']],
      ] as const) {
        const { code, letIn, report } = await examine(`${server.url}/admin`, ...args);
        assert.deepEqual(letIn, []);
        const names = report.findings.filter(({ verdict }) => verdict === 'unclear').map(({ name }) => name);
        assert.deepEqual(names, [...unclear]);
        assert.equal(code, unclear.length > 0 ? 3 : 0);
      }
    });

    test('says when it cannot tell: a good assertion that is refused, or nobody there', async () => {
      const strange = join(folder, 'strange.pem');
      writeFileSync(strange, (await makeKey()).pkcs8);
      const refused = await examine(`${server.url}/admin`, '--key', strange);
      assert.equal(refused.code, 3);
      const down = await start({ isAllowed: () => false });
      await down.close();
      const { code, report } = await examine(`${down.url}/`);
      assert.equal(code, 3);
      for (const { name, detail } of report.findings)
        assert.match(detail, /^no answer: the connection was refused \(ECONNREFUSED\); nothing listens/, name);
    });

    test('says that no answer came in time', async () => {
      const silent = await serve(() => {});
      try {
        const { code, report } = await examine(`${silent.url}/`, '--timeout', '0.02');
        assert.equal(code, 3);
        for (const { name, detail } of report.findings)
          assert.match(detail, /^no answer: the host does not answer/, name);
      } finally {
        await silent.close();
      }
    });

    test('reports as a table and as JUnit, and no secret in either', async () => {
      const junit = join(folder, 'doctor.xml');
      const url = `${server.url}/admin`;
      const { stdout, code } = await runDoctor(url, '-k', file, '--junit', junit);
      assert.equal(code, 0);
      assert.match(stdout, /^✓ a good assertion +ok +200 +let in$/m);
      assert.match(stdout, /^✓ expired +ok +401 +refused$/m);
      assert.match(stdout, /\d+ requests: 0 let in that must not be, 0 unclear\.\n$/);
      const xml = readFileSync(junit, 'utf8');
      assert.match(xml, /<testsuite name="http[^"]*" tests="\d+" failures="0" errors="0">/);
      assert.notMatch(stdout + xml, /eyJ/);
      const broken = await start({ isAllowed: () => true });
      try {
        await runDoctor(broken.url, '--junit', junit);
        assert.match(
          readFileSync(junit, 'utf8'),
          /<testcase [^>]*name="no assertion"><failure message="200: it must be refused"\/>/,
        );
      } finally {
        await broken.close();
      }
    });

    test('sends nothing where nobody can be asked, and no faster than it is told', async () => {
      served = 0;
      assert.equal((await runCli(['doctor', server.url, '-a', HOST])).code, 2);
      assert.equal(served, 0);
      const startedAt = Date.now();
      const { report } = await examine(server.url, '--rate', '100');
      assert.isAtLeast(Date.now() - startedAt, report.findings.length * 10 * 0.9);
    });
  });
});
