import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVerifier, remoteKeys } from 'pomerium-edge';
import { createTestIssuer } from 'pomerium-edge/testing';

test('a verifier and the kit', async () => {
  const issuer = await createTestIssuer({ host: 'app.corp.example.com' });
  const server = await issuer.serve();
  try {
    const verifier = createVerifier({ audience: issuer.host, keys: remoteKeys(server.jwksUrl) });
    assert.equal((await verifier.verify(await issuer.sign())).email, 'alice@example.com');
    for (const { name, headers, codes } of await issuer.bad())
      await assert.rejects(verifier.verifyRequest({ headers }), (error) => codes.includes(error.code), name);
  } finally {
    await server.close();
  }
});
