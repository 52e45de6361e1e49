import { exports } from 'cloudflare:workers';
import { assert, describe, test } from 'vitest';
import { issuer } from './issuer.ts';

const send = (path: string, headers: HeadersInit) =>
  exports.default.fetch(`https://${issuer.host}${path}`, { headers });

test('alice gets in', async () => {
  const headers = { 'x-pomerium-jwt-assertion': await issuer.sign({ groups: ['engineering'] }) };
  const response = await send('/', headers);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { email: 'alice@example.com', groups: ['engineering'] });
  assert.equal(await (await send('/greeting', headers)).text(), 'Hello, Alice Liddell!');
});

describe('refuses', async () => {
  for (const { name, headers, codes } of await issuer.bad()) {
    test(name, async () => {
      const response = await send('/', headers);
      assert.equal(response.status, 401);
      const { code } = await response.json<{ code: string }>();
      assert.include(codes, code);
    });
  }
});
