import { afterEach, assert, test } from 'vitest';

const { URL } = globalThis;
afterEach(() => {
  globalThis.URL = URL;
});

/** As in Workers with a compatibility date before 2022-10-31: what stands before the at sign is a user. */
class OldUrl extends URL {
  constructor(text: string | URL, base?: string | URL) {
    super(String(text).replace('a\\@', ''), base);
  }
}

let copies = 0;
const copyOfModule = (): Promise<typeof import('../../core/url.ts')> => {
  copies += 1;
  const copy = `../../core/url.ts?copy=${copies}`;
  return import(copy);
};

test('no URL is read where URL takes a backslash before an at sign for a part of the user', async () => {
  globalThis.URL = OldUrl;
  const { parseUrl } = await copyOfModule();
  assert.throws(() => parseUrl('https://app.example.com/'), /compatibility_date to 2022-10-31 or later/);
});

test('control: one is read where URL follows its standard', async () => {
  const { parseUrl } = await copyOfModule();
  assert.equal(parseUrl('https://app.example.com/')?.host, 'app.example.com');
});
