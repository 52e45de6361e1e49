import { assert, describe, test } from 'vitest';
import { decodePath, isCanonical } from '../../core/gate/path.ts';

/** By decoding, which plain paths do without. */
function decodeSlowly(path: string): string | null {
  try {
    const decoded = decodeURIComponent(path);
    return /%2f|#/i.test(path) || !isCanonical(decoded) ? null : decoded;
  } catch {
    return null;
  }
}

const PIECES = [
  '',
  '/',
  '//',
  '.',
  '..',
  'a',
  'B',
  '0',
  '_',
  '-',
  '~',
  ';',
  '%',
  '%2e',
  '%61',
  '(',
  ' ',
  'é',
  '\n',
  '\\',
];

describe('a path that needs no decoding is read as one that is decoded:', () => {
  for (const first of PIECES) {
    test(`${JSON.stringify(`/${first}`)} and all that may follow`, () => {
      for (const start of [`/${first}`, first]) {
        for (const second of PIECES) {
          for (const third of PIECES) {
            for (const fourth of PIECES) {
              const path = start + second + third + fourth;
              assert.equal(decodePath(path), decodeSlowly(path), JSON.stringify(path));
            }
          }
        }
      }
    });
  }
});
