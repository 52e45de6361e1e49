import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { encodePath, isCanonical, readPath } from '../../core/gate/path.ts';
import { compilePathRules, type PathRule } from '../../core/gate/rules.ts';
import { type AccessName, accessName, admins, PEOPLE, staff } from '../support/access-name.ts';
import { rawPath, table } from './generated-paths.ts';
import { decodeLeniently, nginxUri, READERS, type TableRow, tableAccess } from './path-readers.ts';

const RUNS = 20_000;
const seed = Number(process.env['PROPERTY_SEED'] ?? 20_260_101);

/** What a platform makes of a request's path: the target that the gate is given, and the path that the code behind gets. */
interface Platform {
  readonly name: string;
  readonly receive: (raw: string) => { readonly target: string; readonly path: string };
}

const PLATFORMS: readonly Platform[] = [
  {
    name: 'Fetch',
    receive: (raw) => {
      const { href, pathname, search } = new URL(`https://app.example${raw}`);
      return { target: href, path: pathname + search };
    },
  },
  {
    name: 'Fetch on Deno and workerd, which resolve nothing',
    receive: (raw) => ({ target: `https://app.example${raw}`, path: raw }),
  },
  { name: 'a raw path', receive: (raw) => ({ target: raw, path: raw }) },
  {
    name: 'a path that is decoded already',
    receive: (raw) => {
      const path = decodeLeniently(raw.replace(/[?#].*/s, ''));
      return { target: encodePath(path), path };
    },
  },
];

type Gate = (table: readonly TableRow[], target: string) => AccessName;

const POLICIES = { public: 'public', authenticated: 'authenticated', admins, staff } as const;

function toRule({ kind, text, access }: TableRow): PathRule {
  return kind === 'path' ? { path: text, access: POLICIES[access] } : { prefix: text, access: POLICIES[access] };
}

const ourGate: Gate = (table, target) => accessName(compilePathRules(table.map(toRule)).accessTo([readPath(target)]));

interface Tally {
  refused: number;
  readable: number;
  served: number;
}

/** For every platform: whoever passes the gate may see, by the table, all that any reader serves for what goes on. */
function holdsForEveryReader(gate: Gate, tally: Tally) {
  return fc.property(table, rawPath, (rows, raw) => {
    for (const { name, receive } of PLATFORMS) {
      const { target, path } = receive(raw);
      const passed: readonly string[] = PEOPLE[gate(rows, target)];
      tally[passed.length > 0 ? 'readable' : 'refused'] += 1;
      if (passed.length === 0) continue;
      const paths = new Set([path, nginxUri(path)]);
      for (const reader of READERS) {
        for (const resource of new Set([...paths].flatMap(reader.serves))) {
          tally.served += 1;
          const allowed: readonly string[] = PEOPLE[tableAccess(rows, resource)];
          const others = passed.filter((person) => !allowed.includes(person));
          if (others.length > 0) {
            throw new Error(`${name}: ${path} lets ${others} see ${resource}, which ${reader.name} serves`);
          }
        }
      }
    }
  });
}

describe(`a gate before any server (PROPERTY_SEED=${seed})`, () => {
  test(`${RUNS} tables and paths: nobody passes who may not see all that some reader serves`, {
    timeout: 120_000,
  }, () => {
    const tally = { refused: 0, readable: 0, served: 0 };
    fc.assert(holdsForEveryReader(ourGate, tally), { seed, numRuns: RUNS });
    console.info(`PROPERTY_SEED=${seed}:`, tally);
    assert.isAbove(tally.readable, RUNS);
    assert.isAbove(tally.refused, RUNS / 4);
  });

  const literal = (rows: readonly TableRow[], path: string | null) =>
    path === null ? 'nobody' : tableAccess(rows, path.replace(/(.)\/$/, '$1'));
  const controls: [string, Gate][] = [
    ['that takes the decoded path by its letters', (rows, target) => literal(rows, decodeLeniently(pathOf(target)))],
    ['that takes the canonical path by its letters', (rows, target) => literal(rows, readPath(target))],
    [
      'that refuses where the path as sent and the most generous reading of it differ',
      (rows, target) => {
        const sent = literal(rows, pathOf(target));
        return sent === literal(rows, mostGenerousReading(pathOf(target))) ? sent : 'nobody';
      },
    ],
    [
      'that knows every spelling, but not the data URLs',
      (rows, target) => {
        const path = readPath(target);
        return path === null || /\/(_next|page-data)\//.test(path) ? literal(rows, path) : ourGate(rows, target);
      },
    ],
  ];
  for (const [name, gate] of controls) {
    test(`control: a gate ${name} is caught`, () => {
      const tally = { refused: 0, readable: 0, served: 0 };
      const { failed, errorInstance } = fc.check(holdsForEveryReader(gate, tally), {
        seed,
        numRuns: RUNS,
        endOnFailure: true,
      });
      assert.isTrue(failed);
      assert.match(String(errorInstance), /lets .+ see/);
    });
  }
});

function pathOf(target: string): string {
  return target.startsWith('/') ? target.replace(/\?.*/s, '') : new URL(target).pathname;
}

/** Decoded until nothing is encoded, backslashes as slashes, parameters off, single slashes, dot segments resolved, lower case. */
function mostGenerousReading(path: string): string {
  const decoded = decodeLeniently(path);
  if (decoded !== path) return mostGenerousReading(decoded);
  const bare = path
    .toLowerCase()
    .replaceAll('\\', '/')
    .replace(/;[^/]*/g, '');
  return new URL(`https://h${bare.replace(/\/+/g, '/')}`).pathname;
}

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
