import { assert, describe, test } from 'vitest';
import { decodeText, isBase64url } from '../../core/base64url.ts';
import { fromBase64url, toBase64url } from '../support/issuer.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const last = [...ALPHABET];

describe('base64url has one spelling for each value:', () => {
  const beginnings = ['', '-', 'Az', '09_', 'Qq8-', 'AAAAA'];
  for (const beginning of beginnings) {
    test(`${beginning.length + 1} characters are what encoding their bytes gives, or refused`, () => {
      for (const character of last) {
        const segment = beginning + character;
        const isPossible = segment.length % 4 !== 1;
        const isSame = isPossible && toBase64url(fromBase64url(segment)) === segment;
        assert.equal(isBase64url(segment), isSame, segment);
      }
    });
  }

  test('nothing is the spelling of no bytes', () => assert.isTrue(isBase64url('')));

  for (const character of ['=', '+', '/', ' ', '\n', '\0', '.', 'ä', '\u212a', '\ud800']) {
    test(`${JSON.stringify(character)} is refused wherever it stands`, () => {
      for (const segment of [
        `${character}AAA`,
        `AA${character}A`,
        `AAA${character}`,
        `AAAA${character}`,
        `A${character}`,
      ]) {
        assert.isFalse(isBase64url(segment));
      }
    });
  }
});

describe('the text in a segment', () => {
  test('is UTF-8, with its byte order mark', () => {
    for (const text of ['', 'a', '\ufeffa', 'Zoë 李 🦊']) assert.equal(decodeText(toBase64url(text)), text);
  });

  test('that is not UTF-8 is an error', () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      assert.throws(() => decodeText(toBase64url(new Uint8Array(bytes))));
    }
  });
});
