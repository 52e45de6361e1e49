import { afterEach, assert, describe, test } from 'vitest';

const { Request } = globalThis;
afterEach(() => {
  globalThis.Request = Request;
});

let copies = 0;
const copyOfModule = (): Promise<typeof import('../../core/without-cache.ts')> => {
  copies += 1;
  const copy = `../../core/without-cache.ts?copy=${copies}`;
  return import(copy);
};

describe('fetch is told to ask past every cache', () => {
  test('by the option cache, where there is one', async () => {
    const { withoutCache } = await copyOfModule();
    assert.deepEqual(withoutCache(), { cache: 'no-store' });
  });

  test('by cf, where Workers throw for cache; which is tried once', async () => {
    const { withoutCache } = await copyOfModule();
    const inits: unknown[] = [];
    globalThis.Request = class {
      constructor(_: string, init: unknown) {
        inits.push(init);
        throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.");
      }
    } as never;
    assert.deepEqual(withoutCache(), { cf: { cacheTtl: -1 } } as RequestInit);
    assert.deepEqual(withoutCache(), { cf: { cacheTtl: -1 } } as RequestInit);
    assert.deepEqual(inits, [{ cache: 'no-store' }]);
  });
});
