import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, assert, beforeAll, describe, test, vi } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { type LocalServer, serve } from '../../scripts/start/server.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { makeSigningKey } from '../../testing/signing-key.ts';
import { assertHarmless, FOREIGN_NAME } from '../support/foreign.ts';
import { HOST } from '../support/issuer.ts';

const RUNS = 150;
const seed = Number(process.env['PROPERTY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
console.info(`PROPERTY_SEED=${seed}`);

const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

interface Result {
  readonly code: unknown;
  readonly output: string;
}

const before = process.exitCode;
afterEach(() => {
  process.exitCode = before;
});

/** As a process of its own would run it, whose output and exit code are caught: thousands of processes would take hours. */
async function run(args: readonly string[]): Promise<Result> {
  let output = '';
  const write = (text: unknown) => {
    output += text;
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(write));
  process.exitCode = undefined;
  try {
    await runProgram(args);
    return { code: process.exitCode, output };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

async function assertSafe(args: readonly string[], codes: readonly number[]): Promise<Result> {
  const result = await run(args);
  assert.include(codes, result.code as number, args.join(' '));
  assertHarmless(result.output);
  // All that Unicode has no sign for: also what is invisible, private, unassigned, or half a character.
  assert.notMatch(result.output, /[^\P{C}\n]|[\u2028\u2029]/u);
  assert.notMatch(result.output, /\n\s+at /, 'no stack');
  return result;
}

const evil = fc.oneof(
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 12 }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        FOREIGN_NAME,
        '\u001b]0;x\u0007',
        '\u009b2J',
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
        '\u2028',
        '\r✓ valid',
        '\0',
      ],
      ...[
        '\ud800',
        '\u{e0041}',
        '__proto__',
        'constructor',
        'toString',
        '',
        '-',
        '--json',
        '*',
        '../..',
        '{{ x }}',
        '$' + '{x}',
      ],
      ...['x'.repeat(3000), '[0]', 'a.b[1]', '%zz', '!!js/function x', '&a [*a]', '1e999', 'é\u0301'],
    ),
  },
);
const evils = fc.array(evil, { minLength: 1, maxLength: 2 }).map((parts) => parts.join(''));

/** JSON as text: an object may have a key twice, a number no end, and a value more levels than a stack. */
const scalar = fc.oneof(
  evils.map((text) => JSON.stringify(text)),
  fc.constantFrom(
    'null',
    'true',
    '0',
    '-0',
    '1e999',
    '-1e999',
    '9007199254740993',
    '8640000000001',
    '1e-400',
    '12.5',
    '-1',
  ),
  fc.double().map((number) => JSON.stringify(number)),
);
const deep = fc
  .tuple(fc.constantFrom(90, 110, 150, 5000), fc.boolean())
  .map(([levels, isList]) =>
    isList ? '['.repeat(levels) + ']'.repeat(levels) : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`,
  );

/** With members of these names, and of any other; `likely` are values that a name of the field may have. */
function json(names: readonly string[], likely: readonly string[] = []): fc.Arbitrary<string> {
  const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: evils });
  const leaf = fc.oneof(
    { weight: 4, arbitrary: scalar },
    { weight: 4, arbitrary: fc.constantFrom('"x"', ...likely) },
    { weight: 1, arbitrary: deep },
  );
  const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
    value: fc.oneof({ maxDepth: 6, depthSize: 'medium' }, leaf, tie('object'), tie('list')),
    list: fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join()}]`),
    object: fc
      .array(fc.tuple(name, tie('value')), { maxLength: 5 })
      .map((members) => `{${members.map(([key, member]) => `${JSON.stringify(key)}:${member}`).join()}}`),
  }));
  return value;
}

const check = <T>(values: fc.Arbitrary<T>, property: (value: T) => Promise<unknown>, numRuns = RUNS) =>
  fc.assert(
    fc.asyncProperty(values, async (value) => void (await property(value))),
    { seed, numRuns },
  );

describe('no command throws or lets foreign text write on a terminal', () => {
  describe('inspect', () => {
    const base64url = (text: string) => Buffer.from(text).toString('base64url');
    const header = json(['alg', 'kid', 'typ', 'crit', 'b64'], ['"ES256"', '"RS256"', '"HS256"', '"none"']);
    const claims = json(
      ['exp', 'iat', 'nbf', 'iss', 'aud', 'sub', 'groups', 'email', 'jti', 'databroker_server_version'],
      [`"${HOST}"`, '1795000000', '1795000300'],
    );
    const tail = fc.constantFrom([], ['--json'], ['--algorithms', 'RS256,EdDSA'], ['--max-token-age', '5']);

    test('of any header and any claims', async () => {
      const issuer = await createTestIssuer();
      writeFileSync(at('public.pem'), issuer.keys[0]?.spki ?? '');
      await check(
        fc.tuple(header, claims, fc.base64String(), evils, tail),
        async ([head, body, signature, audience, more]) => {
          const token = `${base64url(head)}.${base64url(body)}.${base64url(signature)}`;
          const args = (of: string) => ['inspect', token, `--audience=${of}`, '-k', at('public.pem'), ...more];
          await assertSafe(args(`x${audience.replace(/[/\s*,:[\]]/g, '')}`), [1]);
          await assertSafe(args(audience), [1, 2]);
        },
      );
    });

    test('of a good signature over any claims', async () => {
      const issuer = await createTestIssuer();
      writeFileSync(at('own.pem'), issuer.keys[0]?.spki ?? '');
      await check(
        fc.tuple(fc.dictionary(evils, fc.jsonValue(), { maxKeys: 4 }), tail),
        async ([more, options]) => {
          const token = await issuer.sign(more, { header: { kid: issuer.keys[0]?.kid, ...more, alg: 'ES256' } });
          await assertSafe(['inspect', token, '-a', HOST, '-k', at('own.pem'), ...options], [0, 1]);
        },
        100,
      );
    });

    test('of any text', async () => {
      await check(fc.tuple(evils, tail), async ([text, more]) =>
        assertSafe(['inspect', ...more, '--', `${text}.`], [1, 2]),
      );
    });
  });

  describe('jwks', () => {
    let server: LocalServer;
    let answer: { document: string; etag: string; cache: string };
    let publicJwk: object;
    beforeAll(async () => {
      ({ publicJwk } = await makeSigningKey());
      server = await serve((_, response) => {
        // A header can have no control characters, but any other byte.
        const header = (text: string) =>
          Buffer.from(text)
            .toString('latin1')
            .replace(/[^\x20-\x7e\x80-\xff]/g, '');
        response.setHeader('etag', header(answer.etag)).setHeader('cache-control', header(answer.cache));
        response.end(answer.document);
      });
    });
    afterAll(() => server.close());

    const document = json(
      ['keys', 'keys', 'kid', 'kty', 'crv', 'alg', 'use', 'key_ops', 'x', 'y', 'n', 'e', 'jwks_uri'],
      ['"EC"', '"RSA"', '"P-256"', '"AQAB"', '"sig"', '"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"'],
    );
    const sets = document.map((key) => `{"keys":[${key}]}`);
    // A key that is used or skipped for one reason, whose other members are foreign.
    const known = fc
      .tuple(evils, evils, fc.constantFrom('kid', 'kty', 'crv', 'alg', 'use', 'x'))
      .map(([kid, value, name]) =>
        JSON.stringify({
          keys: [
            { ...publicJwk, kid },
            { ...publicJwk, kid, [name]: value },
          ],
        }),
      );

    test('of any document', async () => {
      await check(
        fc.tuple(fc.oneof(document, sets, known, evils), evils, evils, fc.constantFrom([], ['--json'])),
        async ([text, etag, cache, more]) => {
          answer = { document: text, etag, cache };
          await assertSafe(['jwks', `${server.url}/jwks.json`, ...more], [0, 1]);
        },
      );
    });

    test('of any URL', async () => {
      await check(evils, async (url) => assertSafe(['jwks', `x://${url}`], [2]));
    });
  });

  describe('policy and routes', () => {
    const NAMES = [
      'allow',
      'deny',
      'and',
      'or',
      'not',
      'nor',
      'domain',
      'email',
      'user',
      'groups',
      'claim/x',
      'claim',
      'is',
      'has',
    ];
    const ROUTES = [
      'routes',
      'from',
      'to',
      'prefix',
      'path',
      'regex',
      'policy',
      'allowed_domains',
      'allowed_users',
      'allowed_idp_claims',
    ];
    const KUBERNETES = [
      'apiVersion',
      'kind',
      'metadata',
      'annotations',
      'name',
      'spec',
      'rules',
      'host',
      'http',
      'paths',
      'data',
      'config',
    ];
    const values = [
      '"https://app.corp.example.com"',
      '"/admin"',
      '"Ingress"',
      '"networking.k8s.io/v1"',
      'true',
      '{"or":[{"domain":"x"}]}',
    ];
    const policy = json(NAMES, values).map((text) => `{"allow":{"or":[${text}]}}`);
    const route = json([...ROUTES, ...NAMES], values);
    // Policies and routes that can be decided, with foreign text wherever they may have it.
    const sound = fc
      .tuple(evils, evils)
      .map(([name, value]) => [
        { email: { is: value } },
        { groups: { has: value } },
        { [`claim/${name || 'x'}`]: 'x' },
        { domain: 'x' },
      ])
      .map((or) => ({ allow: { or } }));
    const soundRoutes = fc.tuple(sound, evils).map(([policy, text]) => {
      const claimHeaders = policy.allow.or
        .flatMap((one) => Object.keys(one))
        .flatMap((key) => /^claim\/(.*)/s.exec(key)?.[1] ?? []);
      const route = {
        from: 'https://a.example.com',
        to: 'http://a',
        name: text,
        prefix: `/${text.replace(/[^a-z\p{L}]/gu, '')}`,
        policy,
      };
      return JSON.stringify({
        pass_identity_headers: true,
        jwt_claims_headers: claimHeaders,
        routes: [route, { ...route, prefix: '/', description: text, set_request_headers: { [text]: text } }],
      });
    });
    const file = fc.oneof(
      sound.map((value) => JSON.stringify(value)),
      soundRoutes,
      json([...NAMES, ...ROUTES, ...KUBERNETES], values),
      policy,
      fc
        .tuple(evils, policy)
        .map(
          ([name, text]) =>
            `{"routes":[{"from":"https://a.example.com","to":"http://a",${JSON.stringify(name)}:1,"policy":${text}}]}`,
        ),
      route.map((text) => `{"routes":[${text}]}`),
      fc.tuple(evils, evils).map(([key, value]) => `${key}: ${value}`),
      evils,
    );
    const name = fc.constantFrom('f.yaml', 'f.json', '.env', 'x\u001b[2J\u202e.yaml');
    const claims = fc.oneof(
      json(['email', 'sub', 'groups', 'x', 'exp', 'aud']),
      evils,
      fc.constant('{"email":"a@x","groups":["x"]}'),
    );
    const options = fc.array(
      fc.oneof(
        fc.constantFrom('--json', '--list-claims=[]', '--leave=source_ip'),
        evils.map((text) => `--list-claims=${text}`),
        evils.map((text) => `--leave=${text}`),
      ),
      { maxLength: 2 },
    );

    const commands: [command: readonly string[], more: fc.Arbitrary<readonly string[]>][] = [
      [['policy', 'check'], fc.constant([])],
      [['policy', 'print'], fc.constant([])],
      [
        ['policy', 'test'],
        evils.map((text) => ['--as', at('claims.json'), `--path=/${text}`, `--method=${text}`, `--header=A: ${text}`]),
      ],
      [['policy', 'test'], fc.constant(['--as', at('claims.json'), '--url', 'https://a.example.com/admin'])],
      [
        ['routes'],
        fc.oneof(
          fc.constant([]),
          evils.map((text) => [`--host=${text}`]),
        ),
      ],
      [
        ['routes'],
        fc
          .constantFrom('cloudflare', 'aws', 'vercel', 'next', 'node', 'env', 'json')
          .map((format) => ['--for', format]),
      ],
      [
        ['routes'],
        evils.map((text) => ['--as', at('claims.json'), `--url=https://a.example.com/${text}`, `--method=${text}`]),
      ],
    ];
    for (const [i, [command, more]] of commands.entries()) {
      test(`${command.join(' ')}, ${i}`, async () => {
        await check(
          fc.tuple(file, name, claims, options, more),
          async ([content, fileName, identity, some, others]) => {
            writeFileSync(at(fileName), content);
            writeFileSync(at('claims.json'), identity);
            await assertSafe([...command, at(fileName), ...some, ...others], [0, 1, 2]);
          },
        );
      });
    }
  });

  test('of any arguments', async () => {
    const command = fc.constantFrom('keygen', 'sign', 'inspect', 'jwks', 'doctor', 'policy', 'routes', 'x');
    const wrong = evils.map((text) => `--no-such-option=${text}`);
    await check(fc.tuple(command, evils, wrong), async ([one, text, option]) => {
      await assertSafe([one, option], [2]);
      await assertSafe([`no-such-${text}`, one], [2]);
    });
  });
});
