import fc from 'fast-check';
import { encodePath, readPath } from '../../core/gate/path.ts';
import { compilePathRules, type PathRule } from '../../core/gate/rules.ts';
import { rawPath, table } from '../node/generated-paths.ts';
import { decodeLeniently, nginxUri, READERS, type TableRow, tableAccess } from '../node/path-readers.ts';
import { type AccessName, accessName, admins, PEOPLE, staff } from '../support/access-name.ts';
import { defineTarget } from './target.ts';

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

const ourGate: Gate = (rows, target) => accessName(compilePathRules(rows.map(toRule)).accessTo([readPath(target)]));

const literal = (rows: readonly TableRow[], path: string | null) =>
  path === null ? 'nobody' : tableAccess(rows, path.replace(/(.)\/$/, '$1'));

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

/** For every platform: whoever passes the gate may see, by the table, all that any reader serves for what goes on. */
export const pathTarget = defineTarget<[TableRow[], string], Gate>({
  name: 'paths',
  inputs: fc.tuple(table, rawPath),
  subject: ourGate,
  broken: {
    'that takes the decoded path by its letters': (rows, target) => literal(rows, decodeLeniently(pathOf(target))),
    'that takes the canonical path by its letters': (rows, target) => literal(rows, readPath(target)),
    'that refuses where the path as sent and the most generous reading of it differ': (rows, target) => {
      const sent = literal(rows, pathOf(target));
      return sent === literal(rows, mostGenerousReading(pathOf(target))) ? sent : 'nobody';
    },
    'that knows every spelling, but not the data URLs': (rows, target) => {
      const path = readPath(target);
      return path === null || /\/(_next|page-data)\//.test(path) ? literal(rows, path) : ourGate(rows, target);
    },
  },
  check([rows, raw], gate, count) {
    for (const { name, receive } of PLATFORMS) {
      const { target, path } = receive(raw);
      const passed: readonly string[] = PEOPLE[gate(rows, target)];
      count(passed.length > 0 ? 'readable' : 'refused');
      if (passed.length === 0) continue;
      const paths = new Set([path, nginxUri(path)]);
      for (const reader of READERS) {
        for (const resource of new Set([...paths].flatMap(reader.serves))) {
          count('served');
          const allowed: readonly string[] = PEOPLE[tableAccess(rows, resource)];
          const others = passed.filter((person) => !allowed.includes(person));
          if (others.length > 0) {
            throw new Error(`${name}: ${path} lets ${others} see ${resource}, which ${reader.name} serves`);
          }
        }
      }
    }
  },
  runs: 8_000,
  seen: { readable: 1, refused: 0.25 },
});
