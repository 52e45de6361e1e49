import { assert, describe, test } from 'vitest';
import { type HeaderMemo, parseAssertion, rememberHeader } from '../../core/assertion.ts';
import { BoundedMap, getOrMake } from '../../core/bounded-map.ts';
import { remoteKeys } from '../../core/index.ts';
import { jwks, makeKey, NOW, sign, toBase64url } from '../support/issuer.ts';
import { jwksAnswer, Origin } from '../support/origin.ts';
import { makeRig } from '../support/verifying.ts';

const key = await makeKey();
const other = await makeKey();

const cachedFlags = (rig: ReturnType<typeof makeRig>) =>
  rig.events.flatMap((event) => (event.type === 'assertion_verified' ? [event.cached] : []));

describe('the memo of verified assertions', () => {
  test('the second verification is from memory and gives the same identity', async () => {
    const rig = makeRig(key);
    const token = await sign(key);
    assert.equal(await rig.verify(token), await rig.verify(token));
    assert.deepEqual(cachedFlags(rig), [false, true]);
  });

  test('a remembered assertion expires all the same', async () => {
    const rig = makeRig(key);
    const token = await sign(key);
    assert.equal(await rig.codeOf(token), 'valid');
    rig.advance(359);
    assert.equal(await rig.codeOf(token), 'valid');
    rig.advance(1);
    assert.equal(await rig.codeOf(token), 'expired');
  });

  test('a remembered assertion grows too old all the same', async () => {
    const rig = makeRig(key, { maxTokenAge: 10, clockTolerance: 0 });
    const token = await sign(key);
    assert.equal(await rig.codeOf(token), 'valid');
    rig.advance(11);
    assert.equal(await rig.codeOf(token), 'expired');
  });

  test('a remembered assertion is refused when the clock goes back before it', async () => {
    const rig = makeRig(key);
    const token = await sign(key);
    assert.equal(await rig.codeOf(token), 'valid');
    rig.advance(-61);
    assert.equal(await rig.codeOf(token), 'not_yet_valid');
  });

  test('a remembered assertion is refused once its key is gone', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url, { maxTtl: 60, staleWhileRevalidate: 0 }));
    const token = await sign(key);
    assert.equal(await rig.codeOf(token), 'valid');
    await origin.answer(jwksAnswer(jwks(other)));
    rig.advance(61);
    assert.equal(await rig.codeOf(token), 'unknown_key');
  });

  test('a remembered assertion is verified anew when another key takes over its kid', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url, { maxTtl: 60, staleWhileRevalidate: 0 }));
    const token = await sign(key);
    assert.equal(await rig.codeOf(token), 'valid');
    await origin.answer(jwksAnswer({ keys: [{ ...other.publicJwk, kid: key.kid }] }));
    rig.advance(61);
    assert.equal(await rig.codeOf(token), 'invalid_signature');
  });

  test('the same key in a refreshed document keeps it', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const rig = makeRig(remoteKeys(origin.url, { maxTtl: 60, staleWhileRevalidate: 0 }));
    const token = await sign(key);
    await rig.verify(token);
    await origin.answer(jwksAnswer(jwks(other, key)));
    rig.advance(61);
    await rig.verify(token);
    assert.deepEqual(cachedFlags(rig), [false, true]);
  });

  test('refusals are not remembered', async () => {
    const rig = makeRig(key);
    const token = await sign(key, { iat: NOW + 100 });
    assert.equal(await rig.codeOf(token), 'not_yet_valid');
    rig.advance(100);
    assert.equal(await rig.codeOf(token), 'valid');
  });
});

describe('threat: token cache collision (CVE-2026-35039)', () => {
  test('the whole assertion is the key: one character of it is another assertion', async () => {
    const rig = makeRig(key);
    const token = await sign(key);
    await rig.verify(token);
    for (const index of [0, 5, token.indexOf('.') + 3, token.lastIndexOf('.') + 3]) {
      const twin = token.slice(0, index) + (token[index] === 'A' ? 'B' : 'A') + token.slice(index + 1);
      assert.notEqual(await rig.codeOf(twin), 'valid');
    }
  });

  test('two verifiers share nothing', async () => {
    const token = await sign(key);
    assert.equal(await makeRig(key).codeOf(token), 'valid');
    assert.equal(await makeRig(key, { audience: 'other.example.com' }).codeOf(token), 'audience_mismatch');
    assert.equal(await makeRig(key, { issuer: 'x' }).codeOf(token), 'issuer_mismatch');
    assert.equal(await makeRig(other).codeOf(token), 'unknown_key');
  });
});

describe('BoundedMap', () => {
  const sizeOf = (map: BoundedMap<number>, keys: string[]) => keys.filter((key) => map.get(key) !== undefined).length;

  test('keeps the newest, and never more than its number of entries', () => {
    const map = new BoundedMap<number>(8, 1000);
    const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`);
    for (const [i, key] of keys.entries()) {
      map.set(key, i);
      assert.equal(map.get(key), i);
      assert.isAtMost(sizeOf(map, keys), 8);
      if (i >= 4) assert.isAtLeast(sizeOf(map, keys), 5, 'the four before it are still there');
    }
  });

  test('never holds more than its number of characters', () => {
    const map = new BoundedMap<number>(1000, 20);
    const keys = Array.from({ length: 50 }, (_, i) => `${i}`.padStart(4, 'x'));
    for (const key of keys) {
      map.set(key, 1);
      assert.isAtMost(sizeOf(map, keys) * 4, 20);
    }
  });

  test('drops the older half of its entries when the younger half is full', () => {
    const map = new BoundedMap<string>(4, 1000);
    const held = (...keys: string[]) => {
      for (const key of keys) map.set(key, key);
      return [...'abcde'].filter((key) => map.get(key) === key).join('');
    };
    assert.equal(held('a', 'b', 'c', 'd'), 'abcd');
    assert.equal(held('e'), 'cde');
  });

  test('drops the older half of its characters when the younger half is full', () => {
    const map = new BoundedMap<number>(1000, 20);
    const keys = ['aaaaa', 'bbbbb', 'c', 'd'.repeat(9), 'e'];
    const held = () => keys.filter((key) => map.get(key) === 1).map(([first]) => first);
    for (const key of keys.slice(0, 4)) map.set(key, 1);
    assert.deepEqual(held(), ['a', 'b', 'c', 'd']);
    map.set('e', 1);
    assert.deepEqual(held(), ['c', 'd', 'e']);
  });

  test('does not take what is larger than a generation, and the newest value of a key counts', () => {
    const map = new BoundedMap<number>(100, 20);
    map.set('abcd', 1);
    map.set('x'.repeat(11), 1);
    assert.isUndefined(map.get('x'.repeat(11)));
    assert.equal(map.get('abcd'), 1);
    map.set('x'.repeat(10), 1);
    assert.equal(map.get('x'.repeat(10)), 1);
    for (const key of ['b', 'c', 'd', 'e', 'f', 'g', 'h']) map.set(key, 0);
    map.set('abcd', 2);
    assert.equal(map.get('abcd'), 2);
  });

  test('has what was made for a key, null included, for as long as it keeps that', () => {
    const map = new BoundedMap<null>(2, 1000);
    let made = 0;
    const get = (key: string) =>
      getOrMake(map, key, () => {
        made += 1;
        return null;
      });
    assert.deepEqual([get('a'), get('a'), made], [null, null, 1]);
    get('b');
    get('c');
    get('a');
    assert.equal(made, 4);
  });
});

describe('the memo of headers', () => {
  const assertionOf = (header: object, headers: HeaderMemo = new Map()) =>
    parseAssertion(`${toBase64url(JSON.stringify(header))}.e30.AAAA`, headers);
  const numbered = (number: number) => assertionOf({ alg: 'ES256', number });
  const filled = (count: number): HeaderMemo => {
    const headers: HeaderMemo = new Map();
    for (let i = 0; i < count; i++) rememberHeader(headers, numbered(i));
    return headers;
  };

  test('gives the very same header again, and reading one does not fill it', () => {
    const headers = filled(0);
    const first = assertionOf({ alg: 'ES256' }, headers);
    assert.equal(headers.size, 0);
    rememberHeader(headers, first);
    assert.equal(assertionOf({ alg: 'ES256' }, headers).header, first.header);
    assert.notEqual(assertionOf({ alg: 'RS256' }, headers).header, first.header);
  });

  test('holds 16, and begins anew with the next one', () => {
    assert.equal(filled(16).size, 16);
    const headers = filled(17);
    assert.deepEqual([...headers.keys()], [numbered(16).headerSegment]);
  });

  test('loses none for one that it knows already', () => {
    const headers = filled(16);
    rememberHeader(headers, numbered(3));
    assert.equal(headers.size, 16);
  });

  test('holds headers of 1,024 characters, and none that is longer', () => {
    const sized = (length: number) => {
      const [empty, bytes] = [JSON.stringify({ alg: 'ES256', x: '' }).length, Math.floor((length * 3) / 4)];
      return assertionOf({ alg: 'ES256', x: 'x'.repeat(bytes - empty) });
    };
    const headers: HeaderMemo = new Map();
    for (const length of [1024, 1026]) {
      const assertion = sized(length);
      assert.lengthOf(assertion.headerSegment, length);
      rememberHeader(headers, assertion);
    }
    assert.deepEqual(
      [...headers.keys()].map(({ length }) => length),
      [1024],
    );
  });
});
