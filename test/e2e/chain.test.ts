import {
  compilePolicy,
  createVerifier,
  type Identity,
  PomeriumError,
  problemResponse,
  remoteKeys,
} from 'pomerium-edge';
import { assert, describe, test } from 'vitest';
import { serve } from '../../scripts/start/server.ts';
import { startStandIn } from '../../scripts/start/stand-in.ts';

const FIRST = 'first.corp.example.com';
const SECOND = 'second.corp.example.com';

/**
 * browser → Pomerium → first service → Pomerium → second service: two stand-ins, one behind the other. The first
 * service passes on the assertion that it received, as Pomerium's documentation says.
 */
describe('a chain of two services', () => {
  test('the second learns the caller and the user; a browser cannot pose as anybody', async () => {
    const pomeriumOfUsers = await startStandIn({}, { aud: FIRST, iss: FIRST });
    const pomeriumOfServices = await startStandIn({}, { aud: SECOND, iss: SECOND, sub: 'svc', user: 'svc' });
    const pomeriumOfBrowsers = await startStandIn(
      {},
      { aud: SECOND, iss: SECOND, sub: 'u-mallory', user: 'u-mallory' },
    );

    const verifierOf = (keysOf: typeof pomeriumOfServices) =>
      createVerifier({
        audience: SECOND,
        keys: remoteKeys(keysOf.jwksUrl()),
        onBehalfOf: {
          audience: FIRST,
          keys: remoteKeys(pomeriumOfUsers.jwksUrl()),
          callers: compilePolicy({ allow: { or: [{ user: 'svc' }] } }),
        },
      });
    const startSecond = (verifier: ReturnType<typeof verifierOf>) =>
      serve(async (request, response) => {
        try {
          const { subject, onBehalfOf }: Identity = await verifier.verifyRequest(request);
          response.end(JSON.stringify({ subject, onBehalfOf: onBehalfOf?.subject }));
        } catch (error) {
          if (!(error instanceof PomeriumError)) throw error;
          response.writeHead(error.status).end(await problemResponse(error).text());
        }
      });
    const second = await startSecond(verifierOf(pomeriumOfServices));
    const secondForBrowsers = await startSecond(verifierOf(pomeriumOfBrowsers));
    const first = await serve(async (request, response) => {
      const assertion = String(request.headers['x-pomerium-jwt-assertion']);
      const answer = await fetch(pomeriumOfServices.url, { headers: { 'x-pomerium-jwt-assertion': assertion } });
      response.end(await answer.text());
    });
    pomeriumOfUsers.proxyTo(first.url);
    pomeriumOfServices.proxyTo(second.url);
    pomeriumOfBrowsers.proxyTo(secondForBrowsers.url);

    try {
      const chained = await fetch(pomeriumOfUsers.url);
      assert.deepEqual(await chained.json(), { subject: 'svc', onBehalfOf: 'u-alice' });

      const direct = await fetch(pomeriumOfServices.url);
      assert.deepEqual(await direct.json(), { subject: 'svc' });

      // Mallory got hold of Alice's assertion, or made one up: Pomerium hands on either.
      for (const stolen of ['junk.a.b', 'x']) {
        const forged = await fetch(pomeriumOfBrowsers.url, { headers: { 'x-pomerium-jwt-assertion': stolen } });
        assert.equal(forged.status, 403);
        assert.equal(((await forged.json()) as { code: string }).code, 'policy_denied');
      }
    } finally {
      const all = [pomeriumOfUsers, pomeriumOfServices, pomeriumOfBrowsers, first, second, secondForBrowsers];
      await Promise.all(all.map((one) => one.close()));
    }
  });
});
