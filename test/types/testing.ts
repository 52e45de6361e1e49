/** Checked by the compiler only. */
import { type BrowserContext, test as base } from '@playwright/test';
import { createVerifier, type PomeriumErrorCode, remoteKeys } from 'pomerium-edge';
import { createTestIssuer, type Fault, makeSigningKey, signInAs, type TestIssuer } from 'pomerium-edge/testing';
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

declare const context: BrowserContext;
await signInAs(context, 'http://localhost:3000', () => issuer.sign());
export const playwrightTest = base.extend<{ email: string }>({
  email: ['alice@example.com', { option: true }],
  context: async ({ context, baseURL, email }, use) => {
    await signInAs(context, baseURL, () => issuer.sign({ email }));
    await use(context);
  },
});
// @ts-expect-error it is called for each request
await signInAs(context, 'http://localhost:3000', await issuer.sign());
