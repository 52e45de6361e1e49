import { readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import { committedReports, staleReports, withoutRepetition } from '../../scripts/api-reports.ts';
import { ROOT } from '../../scripts/run.ts';

const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
const modules = Object.keys(exports).filter((path) => exports[path].types !== undefined);

describe('the reports of the public types in api/', () => {
  test('are committed for each entry point of package.json, and for what these share', () => {
    const names = modules.map((path) => (path === '.' ? 'index' : path.slice(2)));
    assert.sameMembers([...committedReports().keys()], [...names, 'shared']);
  });

  test('have a constant, a function, a class and an interface of the main entry point', () => {
    const report = committedReports().get('index') ?? '';
    assert.include(report, 'export const ASSERTION_HEADER = "x-pomerium-jwt-assertion";');
    assert.include(report, 'export function createVerifier(');
    assert.include(report, 'export class PomeriumError extends Error');
    assert.match(report, /^export interface Identity \{$/m);
  });

  test('are stale where a text changed, where an entry point is new and where one is gone', () => {
    const committed = new Map([
      ['same', 'export type A = 1;'],
      ['changed', 'export type B = 1;'],
      ['gone', 'export type C = 1;'],
    ]);
    const current = new Map([
      ['same', 'export type A = 1;'],
      ['changed', 'export type B = 2;'],
      ['new', 'export type D = 1;'],
    ]);
    assert.deepEqual(staleReports(committed, current), ['changed', 'gone', 'new']);
    assert.deepEqual(staleReports(committed, committed), []);
  });

  test('have each type once: where it is exported, else in the shared report if several entry points name it', () => {
    const reports = withoutRepetition(
      new Map([
        [
          'index',
          [
            'export interface Identity {\n}',
            'type Algorithm_2 = 1;\nexport { Algorithm_2 as Algorithm }',
            'type Both = 1;',
          ],
        ],
        [
          'hono',
          [
            'export function pomerium(): Identity;',
            'interface Identity {\n}',
            'type Algorithm_2 = 1;',
            'type Both = 1;',
          ],
        ],
        ['next', ['export function createProxy(): Own;', 'type Own = 1;']],
      ]),
    );
    const texts = Object.fromEntries([...reports].map(([name, text]) => [name, text.split(/^```.*$/m)[1]?.trim()]));
    assert.deepEqual(texts, {
      index: 'export interface Identity {\n}\n\ntype Algorithm_2 = 1;\nexport { Algorithm_2 as Algorithm }',
      hono: 'export function pomerium(): Identity;',
      next: 'export function createProxy(): Own;\n\ntype Own = 1;',
      shared: 'type Both = 1;',
    });
  });
});

test('TypeDoc reads the sources of all entry points of package.json', () => {
  const options = readFileSync(`${ROOT}typedoc.jsonc`, 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
  const sources = modules.map((path) => exports[path].types.replace('./dist/', '').replace('.d.ts', '.ts'));
  assert.deepEqual(JSON.parse(options).entryPoints, sources);
});
