import { describe, test } from 'vitest';
import { createVerifier, createVerifierFromEnvironment, remoteKeys, staticKeys } from '../../core/index.ts';
import { HOST, jwks, makeKey } from '../support/issuer.ts';
import { assertMisconfigured } from '../support/verifying.ts';

const keys = staticKeys(jwks(await makeKey()));
const { canParse } = URL;

/** Workers with a compatibility date before 2022-10-31 are such a place (test/e2e/compatibility-dates.test.ts). */
describe('where URL does not follow the standard', () => {
  const cases: [name: string, make: () => unknown][] = [
    ['a verifier', () => createVerifier({ audience: HOST })],
    ['one with keys of its own', () => createVerifier({ audience: HOST, keys })],
    ['one from the environment', () => createVerifierFromEnvironment({ POMERIUM_AUDIENCE: HOST })],
    ['remote keys', () => remoteKeys(`https://${HOST}/jwks.json`)],
  ];
  for (const [name, make] of cases) {
    test(`there is no way to make ${name}`, () => {
      Reflect.deleteProperty(URL, 'canParse');
      try {
        assertMisconfigured(make, /compatibility_date to 2022-10-31 or later/);
      } finally {
        Object.assign(URL, { canParse });
      }
    });
  }
});
