import { assert, describe, test } from 'vitest';
import { getIdentity, requireIdentity } from '../../../adapters/next/index.ts';
import { errorOf } from '../../support/verifying.ts';

describe('where Next.js knows of no request, as in the Pages Router', () => {
  const functions: Record<string, () => Promise<unknown>> = { getIdentity, requireIdentity };
  for (const [name, ask] of Object.entries(functions)) {
    test(`${name}() says which form is needed`, async () => {
      const error = await errorOf(() => ask());
      assert.equal(error?.code, 'invalid_configuration');
      assert.match(String(error), /In the Pages Router give it: getIdentity\(req\), requireIdentity\(req\)/);
    });
  }
});
