import fc from 'fast-check';
import type { TableRow } from './path-readers.ts';

const TEXTS = ['/', '/admin', '/admin/users', '/api/admin', '/reports', '/docs/admin', '/café', '/public', '/static'];

const rows: fc.Arbitrary<TableRow[]> = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom('path', 'prefix'),
    text: fc.constantFrom(...TEXTS, '/_next', '/page-data'),
    access: fc.constantFrom('public', 'authenticated', 'admins', 'staff'),
  }),
  { maxLength: 5, selector: ({ kind, text }) => kind + text },
);
/** A table of rules, which an empty list is not. Most end with one for all other paths. */
export const table = fc
  .tuple(rows, fc.constantFrom('public', 'authenticated', 'admins', undefined))
  .map(([some, access]): TableRow[] => (access ? [...some, { kind: 'prefix', text: '/', access }] : some))
  .map((all) => all.filter((row, i) => !all.slice(0, i).some((other) => hides(other, row))))
  .filter(({ length }) => length > 0);

/** Such a table is refused. */
function hides(other: TableRow, { kind, text }: TableRow): boolean {
  if (other.kind === 'path') return kind === 'path' && text === other.text;
  return other.text === '/' || `${text}/`.startsWith(`${other.text}/`);
}

const encodeCharacter = (character: string) =>
  [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

const SPELLINGS: readonly ((word: string) => string)[] = [
  (word) => word,
  (word) => word,
  (word) => word.toUpperCase(),
  (word) => word.replace('s', 'ſ'),
  (word) => word.replace(/[a-z]/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
  (word) => word.replace(/./u, encodeCharacter),
  (word) => word.replace(/./u, (character) => encodeCharacter(character).replaceAll('%', '%25')),
  (word) => word.replace(/./, '%u0061'),
  ...['.', '...', '%20', '%20.', ';', ';x=1', '%3bx', '::$DATA', '(1)', '%3Fx', '%23x', ';%E2%84%80'].map(
    (end) => (word: string) => word + end,
  ),
  ...['.json', '.data', '.html', '.ts', '.php', '.rsc', '.prefetch.rsc', '.a.b', '.segments/_tree.segment.rsc'].map(
    (end) => (word: string) => word + end,
  ),
];

const word = fc.constantFrom(...TEXTS.flatMap((text) => text.split('/').filter(Boolean)), 'x', 'v1.2');
const spelledWord = fc.tuple(word, fc.constantFrom(...SPELLINGS)).map(([plain, spell]) => spell(plain));
const oddSegment = fc.constantFrom(
  ...[
    '',
    '.',
    '..',
    '...',
    '%2e',
    '%2E%2e',
    '.%2e',
    '..;',
    '..;x',
    '.;',
    '..%3f',
    '..%23x',
    '..::$DATA',
    '..%20',
    '%252e%252e',
    ';x',
    '%20',
    '%',
    '%zz',
  ],
  ...[
    '%c0%ae',
    '%e9',
    '%00',
    '%0a',
    '\ud800',
    '(S(x))',
    '*',
    'index',
    'index.html',
    'index.php',
    'app.php',
    'app_dev.php',
    'main.php',
    'default.aspx',
  ],
  ...['__data.json', '__route.js', '_payload.json', 'q-data.json', '_root.data', '_.data', 'page-data.json', '_next'],
  ...['data', 'page-data', 'ID', 'fr', 'nl-NL', 'cdn', 'docs'],
);
const separator = fc.oneof(
  { weight: 12, arbitrary: fc.constant('/') },
  { weight: 1, arbitrary: fc.constantFrom('?', '#', '//', '\\', '%2f', '%5C', '%252f', ';/') },
);
const segments = fc
  .array(fc.tuple(separator, fc.oneof({ weight: 3, arbitrary: spelledWord }, { weight: 1, arbitrary: oddSegment })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => `/${parts.flat().join('').slice(1)}`);
/** What frameworks make of a page's path. */
const dataUrl = fc
  .tuple(
    fc.constantFrom(
      ...[
        '',
        '',
        '/index.php',
        '/app.php',
        '/main.php',
        '/_next/data/ID',
        '/fr/_next/data/ID/fr',
        '/fr/_next/data/ID',
        '/cdn/_next/data/ID',
      ],
      ...[
        '/docs/_next/data/ID',
        '/docs/nl-NL/_next/data/ID/nl-NL',
        '/page-data',
        '/docs/page-data',
        '/public/_next/data/ID',
      ],
    ),
    fc.oneof(fc.constantFrom(...TEXTS), segments),
    fc.constantFrom(
      ...['', '/', '.json', '.data', '.html', '/index.html', '/index', '/index.json', '/index.php/x', '.php/x'],
      ...[
        '/__data.json',
        '/_payload.json',
        '/page-data.json',
        '/page-data.json%3Fx',
        '/q-data.json',
        '.segments/_tree.segment.rsc',
        '?x=/public',
      ],
    ),
  )
  .map((parts) => parts.join('').replace(/^\/{2,}/, '/'));
/** Out of one path and into another. */
const oddSeparator = fc.constantFrom('/', '//', '\\', '%2f', '%5C', '%252f', ';/');
const detour = fc
  .tuple(fc.constantFrom(...TEXTS), oddSeparator, oddSegment, oddSeparator, spelledWord)
  .map((parts) => parts.join(''));
/** The path and query of a request, as it is sent. */
export const rawPath = fc.oneof(
  { weight: 2, arbitrary: segments },
  { weight: 2, arbitrary: dataUrl },
  { weight: 1, arbitrary: detour },
);
