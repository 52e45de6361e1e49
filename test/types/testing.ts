/** Checked by the compiler only. */
import { createVerifier, type PomeriumErrorCode, remoteKeys } from 'pomerium-edge';
import { createTestIssuer, type Fault, makeSigningKey, type TestIssuer } from 'pomerium-edge/testing';
import { type Equal, holds } from './equal.ts';

const issuer = await createTestIssuer({
  host: 'a',
  issuerFormat: 'uri',
  keys: ['ES256', await makeSigningKey('RS256')],
});
holds<Equal<typeof issuer, TestIssuer>>();
const token: string = await issuer.sign({ email: 'a@b.c', name: undefined }, { header: { kid: undefined } });
const server = await issuer.serve();
server.fault('down' satisfies Fault);
server.fault(undefined);
export const verifier = createVerifier({
  audience: issuer.host,
  keys: remoteKeys(server.jwksUrl, { fetch: issuer.fetch }),
});
export const codes: (readonly PomeriumErrorCode[])[] = (await issuer.bad()).map((bad) => bad.codes);
export const tokens: string[] = [token, await issuer.withGroups(3), await issuer.anonymous()];

// @ts-expect-error there is no such fault
server.fault('broken');
// @ts-expect-error Pomerium never signed with this
await createTestIssuer({ keys: ['HS256'] });
