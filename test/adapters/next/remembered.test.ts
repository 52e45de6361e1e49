import { assert, beforeEach, describe, test, vi } from 'vitest';
import { createIdentityFunctions } from '../../../adapters/next/index.ts';
import { ASSERTION, options, token } from '../vercel/support.ts';

/** Within one render, as React has it on the server; in this process `cache()` of React remembers nothing. */
vi.mock('react', () => ({
  cache: (make: () => unknown) => {
    let made: unknown;
    return () => {
      made ??= make();
      return made;
    };
  },
}));

/** Why Next.js refuses the headers. */
let refusal: string | undefined;
vi.mock('next/headers.js', () => ({
  async headers() {
    if (refusal !== undefined) throw new Error(refusal);
    return new Headers({ [ASSERTION]: token });
  },
}));
beforeEach(() => {
  refusal = undefined;
});

describe('an identity that a layout has asked for before', () => {
  const { getIdentity, requireIdentity } = createIdentityFunctions(options);
  const functions = { getIdentity: () => getIdentity(), requireIdentity: () => requireIdentity() };
  const inCaches = [
    // The sentences of Next.js 15.5 and 16.4.
    'Route /x used "headers" inside a function cached with "unstable_cache(...)".',
    'Route "/x": `headers()` can\'t be read inside `unstable_cache()`.',
  ];
  for (const [name, ask] of Object.entries(functions)) {
    test.each(inCaches)(`is no answer of ${name}() where it would be kept for everybody: %s`, async (sentence) => {
      assert.equal((await ask())?.email, 'alice@example.com');
      refusal = sentence;
      const error = await ask().catch((thrown) => thrown);
      assert.match(String(error), /^Error: .* cannot be called in 'use cache' or unstable_cache: .* is for everybody/);
    });

    test(`is the answer of ${name}() after the page, where Next.js has no headers any more`, async () => {
      await ask();
      refusal = 'Route /x used `headers()` inside `after()` while rendering. This is not supported.';
      assert.equal((await ask())?.email, 'alice@example.com');
    });
  }
});
