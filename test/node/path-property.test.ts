import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { encodePath, isCanonical, readPath } from '../../core/gate/path.ts';
import { rawPath } from './generated-paths.ts';
import { decodeLeniently } from './path-readers.ts';

const RUNS = 20_000;
const seed = Number(process.env['PROPERTY_SEED'] ?? 20_260_101);

describe(`the path of a request (PROPERTY_SEED=${seed})`, () => {
  test('readPath judges what encodePath gives as isCanonical judges the decoded path', () => {
    const decoded = fc.oneof(rawPath, fc.string({ unit: 'binary' }), rawPath.map(decodeLeniently));
    const property = fc.property(decoded, (path) => {
      assert.equal(readPath(encodePath(path)), isCanonical(path) ? path : null);
    });
    fc.assert(property, { seed, numRuns: RUNS });
  });

  test('readPath reads a URL as it reads the path in it, whoever has made what of it', () => {
    const property = fc.property(rawPath, (raw) => {
      assert.equal(readPath(`https://app.example${raw}`), readPath(raw));
    });
    fc.assert(property, { seed, numRuns: RUNS });
  });
});
