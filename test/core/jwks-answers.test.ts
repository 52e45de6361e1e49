import { assert, describe, test } from 'vitest';
import { PomeriumError } from '../../core/index.ts';
import { FetchJwksError, fetchJwks, type JwksRequest, type JwksResponse } from '../../core/keys/remote/fetch-jwks.ts';
import { NOW } from '../support/issuer.ts';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  parts?: Uint8Array[];
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Asks once, and says what came, how often the rest of the body was given up, and what was sent. */
async function ask(
  { status = 200, headers = {}, parts = [bytesOf('{}')] }: Answer,
  request: Partial<JwksRequest> = {},
): Promise<{ response?: JwksResponse; error?: FetchJwksError; discards: number; sent: Record<string, string> }> {
  const rest = [...parts];
  let discards = 0;
  let sent: Record<string, string> = {};
  const transport: JwksRequest['transport'] = async (_url, { headers: requestHeaders }) => {
    sent = requestHeaders;
    return {
      status,
      header: (name) => headers[name] ?? null,
      read: async () => rest.shift(),
      discard: () => {
        discards += 1;
      },
    };
  };
  try {
    const response = await fetchJwks({
      url: 'https://a.test/',
      transport,
      etag: null,
      timeout: 5,
      now: () => NOW,
      ...request,
    });
    return { response, discards, sent };
  } catch (error) {
    assert.instanceOf(error, FetchJwksError);
    return { error, discards, sent };
  }
}

describe('how long an answer is fresh', () => {
  const cases: [name: string, cacheControl: string | undefined, maxAge: number | null][] = [
    ['no Cache-Control says nothing', undefined, null],
    ['one without max-age says nothing', 'public', null],
    ['max-age', 'max-age=600', 600],
    ['max-age among others', 'public, max-age=600 , must-revalidate', 600],
    ['in any case', 'Public, Max-Age=600', 600],
    ['in quotes', 'max-age="600"', 600],
    ['s-maxage is for others', 's-maxage=600', null],
    ['no-store is the shortest time', 'max-age=600, no-store', 0],
    ['no-cache is the shortest time', 'no-cache, max-age=600', 0],
    ['an empty max-age says nothing', 'max-age=', null],
    ['a fraction says nothing', 'max-age=1.5', null],
    ['text after the digits says nothing', 'max-age=60s', null],
    ['text before the digits says nothing', 'max-age=+60', null],
    ['more seconds than anybody counts', 'max-age=99999999999', 2 ** 31],
  ];
  for (const [name, cacheControl, maxAge] of cases) {
    test(name, async () => {
      const headers = cacheControl === undefined ? {} : { 'cache-control': cacheControl };
      assert.equal((await ask({ headers })).response?.maxAge, maxAge);
    });
  }
});

describe('how old an answer is', () => {
  const cases: [name: string, age: string | undefined, expected: number][] = [
    ['no Age is new', undefined, 0],
    ['Age', '200', 200],
    ['of several, the oldest', '200, 300,100', 300],
    ['what cannot be read is as old as can be', 'old', 2 ** 31],
    ['so is nothing', '', 2 ** 31],
    ['so is one of several that cannot be read', '200, old', 2 ** 31],
  ];
  for (const [name, age, expected] of cases) {
    test(name, async () => {
      assert.equal((await ask({ headers: age === undefined ? {} : { age } })).response?.age, expected);
    });
  }
});

describe('the ETag that is sent back', () => {
  const cases: [name: string, etag: string, isOne: boolean][] = [
    ['a strong one', '"abc-1"', true],
    ['a weak one', 'W/"abc"', true],
    ['an empty one', '""', true],
    ['one of 256 characters', `"${'a'.repeat(254)}"`, true],
    ['not one of 257', `"${'a'.repeat(255)}"`, false],
    ['not one without quotes', 'abc', false],
    ['not one with text before it', 'x"abc"', false],
    ['not one with text after it', '"abc"x', false],
    ['not one with a space', '"a b"', false],
    ['not one with a quote in it', '"a"b"', false],
  ];
  for (const [name, etag, isOne] of cases) {
    test(name, async () => {
      assert.equal((await ask({ headers: { etag } })).response?.etag, isOne ? etag : null);
    });
  }

  test('goes into If-None-Match, and JSON is asked for', async () => {
    assert.deepEqual((await ask({}, { etag: '"a"' })).sent, { accept: 'application/json', 'if-none-match': '"a"' });
    assert.deepEqual((await ask({}, { etag: null })).sent, { accept: 'application/json' });
  });

  test('a 304 to it has no document', async () => {
    const { response, discards } = await ask({ status: 304 }, { etag: '"a"' });
    assert.deepEqual(response, { askedAt: NOW, document: undefined, etag: null, maxAge: null, age: 0 });
    assert.equal(discards, 1);
  });
});

describe('a status that is no answer', () => {
  const cases: [status: number, reason: string, message: RegExp][] = [
    [299, 'status', /answers with status 299\.$/],
    [300, 'redirect', /answers with a redirect, which is never followed; configure the URL/],
    [399, 'redirect', /redirect/],
    [304, 'status', /answers with status 304\.$/],
    [400, 'status', /answers with status 400\.$/],
    [500, 'status', /answers with status 500\. Can Pomerium use its signing_key\?$/],
    [502, 'status', /answers with status 502\.$/],
  ];
  for (const [status, reason, message] of cases) {
    test(`${status} is refused as ${reason}, without its body`, async () => {
      const { error, discards } = await ask({ status }, { etag: status === 304 ? null : '"a"' });
      assert.equal(error?.reason, reason);
      assert.match(error?.message ?? '', message);
      assert.equal(discards, 1);
    });
  }
});

describe('the body', () => {
  test('comes in parts, which may divide a character', async () => {
    const bytes = bytesOf('{"a":"李"}');
    const parts = [...bytes].map((byte) => Uint8Array.of(byte));
    const { response, discards } = await ask({ parts });
    assert.equal(response?.document, '{"a":"李"}');
    assert.equal(discards, 0);
  });

  test('keeps its byte order mark, which is no JSON', async () => {
    assert.equal((await ask({ parts: [bytesOf('\uFEFF{}')] })).response?.document, '\uFEFF{}');
  });

  test('may have 64 KiB, in all its parts', async () => {
    const half = bytesOf(' '.repeat(32_768));
    assert.lengthOf((await ask({ parts: [half, half] })).response?.document ?? '', 65_536);
    const { error, discards } = await ask({ parts: [half, half, bytesOf(' '), half] });
    assert.equal(error?.reason, 'too_large');
    assert.match(error?.message ?? '', /more than 65536 bytes/);
    assert.equal(discards, 1);
  });
});

describe('an exchange that fails', () => {
  const cases: [name: string, error: unknown, reason: string, message: RegExp][] = [
    [
      'one that a fetch of ours explains',
      new PomeriumError('keys_unavailable', 'The store holds no keys yet.'),
      'unreachable',
      /^The store holds no keys yet\.$/,
    ],
    [
      'a time-out of the fetch itself',
      new DOMException('x', 'TimeoutError'),
      'timeout',
      /no whole answer within 5 s; check firewalls and routes/,
    ],
    [
      'another DOMException',
      new DOMException('x', 'NetworkError'),
      'unreachable',
      /^The JWKS could not be fetched: .+\.$/,
    ],
    ['what is no error', 'x', 'unreachable', /^The JWKS could not be fetched: string\.$/],
  ];
  for (const [name, error, reason, message] of cases) {
    test(`${name} → ${reason}`, async () => {
      const result = await ask({}, { transport: () => Promise.reject(error) });
      assert.equal(result.error?.reason, reason);
      assert.match(result.error?.message ?? '', message);
    });
  }
});
