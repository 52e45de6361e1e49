import { once } from 'node:events';
import { connect } from 'node:net';
import { assert, describe, test } from 'vitest';
import { compilePolicy, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { SERVERS } from './servers.ts';

const key = await makeKey();
const assertion = await sign(key);
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };

/** How SvelteKit and others make the URL by which they route: the gate stands before their handler. */
const pageOf = (host: string | undefined, url = '') => new URL(`http://${host}${url}`).pathname;

const GATES = {
  rules: {
    rules: [
      { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
      { prefix: '/', access: 'public' },
    ],
  },
  'a policy': { policy: compilePolicy({ allow: { or: [{ http_path: '/public' }] } }) },
} as const;

for (const [name, start] of Object.entries(SERVERS)) {
  describe(`a Host that is none, with which a server behind makes another path, on ${name}`, () => {
    for (const [gate, more] of Object.entries(GATES)) {
      test(`is refused where ${gate} asks about the path`, async () => {
        const server = await start({ ...options, ...more }, ({ headers, url }) => pageOf(headers.host, url));
        await once(server.listen(0, '127.0.0.1'), 'listening');
        const ask = async (host: string) => {
          const address = server.address();
          const socket = connect(Object(address).port, '127.0.0.1');
          const lines = ['GET /public HTTP/1.1', `Host: ${host}`, `X-Pomerium-Jwt-Assertion: ${assertion}`];
          socket.write([...lines, 'Connection: close', '', ''].join('\r\n'));
          const answer = Buffer.concat(await socket.toArray()).toString();
          return answer.replace(/^HTTP\/1.1 (\d+)[\s\S]*?\r\n\r\n[\s\S]*?(\/\w+)?[\s\d]*$/, '$1 $2').trim();
        };
        assert.equal(await ask('app:3000'), '200 /public');
        for (const host of ['app/admin?', 'app:80/admin#', 'app\\admin?', 'x@app/admin', 'app/admin/..;/'])
          assert.match(await ask(host), /^401\b(?!.*admin)/, host);
        server.close();
      });
    }
  });
}
