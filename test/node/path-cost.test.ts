import { assert, describe, test } from 'vitest';
import { encodePath, readPath } from '../../core/gate/path.ts';
import { compilePathRules } from '../../core/gate/rules.ts';
import { costOf } from '../support/cost.ts';

const SHORT = 6_000;
const LONG = 16 * SHORT;

/** Linear work is 16 times as much, quadratic work 256 times. What takes no time at all is not measured. */
function assertLinear(workFor: (length: number) => () => unknown): void {
  const short = costOf(workFor(SHORT));
  assert.isBelow(costOf(workFor(LONG)), 64 * Math.max(short, 0.05));
}

describe('a path is read in linear time, also a long run of', () => {
  for (const unit of ['%', '%25', '.', './', '/.', ';', '..;', '/;', '\\', ' ', '%20', '(S', '/(S(', '%2', '李']) {
    test(JSON.stringify(unit), () => {
      assertLinear((length) => {
        const path = `/${unit.repeat(length / unit.length)}`;
        return () => [readPath(`${path}x`), readPath(`https://app.example${path}`), readPath(encodePath(path))];
      });
    });
  }
});

describe('a path is judged in linear time, also a long run of', () => {
  const rules = compilePathRules([
    { path: '/index.html', access: 'authenticated' },
    { prefix: '/admin/users', access: 'public' },
    { prefix: '/', access: 'authenticated' },
  ]);
  for (const unit of [
    '/_next/data/x',
    '/page-data',
    '/fr',
    '/aa-x-',
    '-x',
    '.',
    ' ',
    '/index.',
    '_',
    '(',
    '/x',
    '?',
    'é',
  ]) {
    test(JSON.stringify(unit), () => {
      assertLinear((length) => {
        const path = `/${unit.repeat(length / unit.length)}`.replace('//', '/');
        const paths = ['', 'x', '.json', '/page-data.json', '.segments/x'].map((end) => path + end);
        return () => rules.accessTo(paths);
      });
    });
  }
});
