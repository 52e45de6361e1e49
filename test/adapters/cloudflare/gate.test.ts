import { assert, describe, test } from 'vitest';
import type { CloudflareOptions } from '../../../adapters/cloudflare/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { type Sent, testGateCases } from '../../support/gate-cases-runner.ts';
import { HOST, jwks, NOW, sign } from '../../support/issuer.ts';
import { PROTECT } from './protected.ts';

const base = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: jwks(key) };
const ADMINS = { allow: { or: [{ groups: 'admins' }] } };
const RULES = [{ prefix: '/public', access: 'public' }];
const late = { [ASSERTION]: await sign(key, { exp: NOW - 1 }) };
const old = { [ASSERTION]: await sign(key, { iat: NOW - 400 }) };

/** Variables as Wrangler passes them where its configuration has JSON. */
const VARS: [vars: object, headers: Record<string, string>, path: string, status: number][] = [
  [{ POMERIUM_RULES: RULES }, {}, '/public', 200],
  [{ POMERIUM_RULES: RULES }, SENDERS.alice, '/other', 403],
  [{ POMERIUM_POLICY: ADMINS }, SENDERS.alice, '/', 403],
  [{ POMERIUM_POLICY: ADMINS }, SENDERS.admin, '/', 200],
  [{ POMERIUM_OPTIONAL: true }, {}, '/', 200],
  [{ POMERIUM_OPTIONAL: false }, {}, '/', 401],
  [{ POMERIUM_AUDIENCE: ['a.example.com', HOST] }, SENDERS.alice, '/', 200],
  [{ POMERIUM_CLOCK_TOLERANCE: 0 }, late, '/', 401],
  [{ POMERIUM_MAX_TOKEN_AGE: 300 }, old, '/', 401],
  // Whatever else a Worker has in its environment is its own.
  [{ DB: { query: () => {} }, POMERIUM_DB: {}, POMERIUM_URL: 'https://x' }, SENDERS.alice, '/', 200],
];

for (const [name, protect] of Object.entries(PROTECT)) {
  const send = async (request: Request, options: CloudflareOptions, env: object): Promise<Sent> => {
    let seen: Pick<Sent, 'received' | 'who'> = { received: undefined, who: undefined };
    const worker = protect(({ headers }, who) => {
      seen = { received: headers, who };
      return new Response('in');
    }, options);
    const response = await worker(request, env);
    return { response, ...seen };
  };
  testGateCases(name, send, { without: ['endAtExpiry'] });

  describe(`${name}, configured by vars that are JSON:`, () => {
    const ask = async (headers: Record<string, string>, vars: object, path = '/') => {
      const request = new Request(`https://${HOST}${path}`, { headers });
      const { result } = await withConsoleLines(() => send(request, { now: () => NOW }, { ...base, ...vars }));
      return result;
    };
    for (const [vars, headers, path, status] of VARS) {
      test(`${JSON.stringify(vars)} ${path}: ${status}`, async () => {
        assert.equal((await ask(headers, vars, path)).response.status, status);
      });
    }

    test('POMERIUM_KEEP_ASSERTION: false keeps the assertion from the handler', async () => {
      assert.isFalse((await ask(SENDERS.alice, { POMERIUM_KEEP_ASSERTION: false })).received?.has(ASSERTION));
    });
  });
}
