import { isObject } from '../../core/json.ts';
import { safeText } from '../../inspector/text.ts';
import { mark, paint, print } from '../output.ts';
import { claimsIn } from './claims.ts';
import { columns, widthsFor } from './columns.ts';
import type { Examined } from './examine.ts';
import type { Problem } from './problem.ts';
import type { Row } from './rows.ts';

const WIDTH = 100;
/** Of the sign. */
const MARGIN = 2;

/** The routes as a table, and what is to be said of them. */
export function showRoutes(rows: readonly Row[], examined: Examined): void {
  if (rows.length > 0) showTable(rows);
  showProblems(examined.problems);
  for (const { place, message } of examined.notes) print(`${paint('dim', '-')} ${safeText(`${place}: ${message}`)}`);
  const notes = notesOn(rows, examined);
  for (const note of notes) print(`${paint('yellow', '!')} ${note}`);
  if (examined.notes.length + notes.length > 0) print('');
  print(summaryOf(rows, examined.problems.length));
}

function showProblems(problems: readonly Problem[]): void {
  for (const { place, message } of problems) print(`${mark('fail')} ${safeText(`${place}: ${message}`)}`);
  if (problems.length > 0) print('');
}

function showTable(rows: readonly Row[]): void {
  const cells = [
    ['host', 'path', 'who may pass', 'decided'],
    ...rows.map((row) => [safeText(row.host), safeText(row.path), row.who.join('\n'), decidedOf(row)]),
  ];
  const cellsOf = (i: number) => cells.map((row) => row[i] ?? '');
  const widths = widthsFor([0, 1, 2, 3].map(cellsOf), WIDTH - MARGIN);
  for (const [i, row] of cells.entries()) {
    const [first = '', ...more] = columns([row], widths);
    print(`${i === 0 ? ' ' : signOf(rows[i - 1]?.decided)} ${i === 0 ? paint('bold', first) : first}`);
    for (const line of more) print(line === '' ? '' : `  ${line}`);
    for (const note of remarksOn(rows[i - 1])) print(`  ${paint('yellow', '!')} ${note}`);
  }
  print('');
}

/** What is to be said of one route. */
export function remarksOn(row: Row | undefined): string[] {
  if (!row) return [];
  return [
    ...(row.hiddenBy === undefined ? [] : [`never met: ${row.hiddenBy} takes all of its paths`]),
    ...(row.withoutAssertion === undefined ? [] : [`no assertion arrives (${row.withoutAssertion})`]),
    ...(row.hasTwoAssertions ? ['the assertion arrives twice (set_request_headers), and is refused'] : []),
    ...(row.opensToAll
      ? [`here everybody passes who is signed in: ${row.left.join(', ')} is Pomerium's to decide`]
      : []),
    ...(row.letsNobodyIn ? ['who is not signed in passes, too'] : []),
    ...(row.hasStar ? ['a "*" is no pattern for Pomerium: it is compared as it is'] : []),
    ...(row.rewritesPath ? ['the service is asked for another path (rewritten)'] : []),
  ];
}

function signOf(decided: Row['decided'] | undefined): string {
  if (decided === 'here') return mark('pass');
  if (decided === 'refused') return mark('fail');
  return decided === 'in part' ? mark('not checked') : paint('dim', '-');
}

function decidedOf({ decided, left, how }: Row): string {
  if (decided === 'in part') return `here, but ${left.join(', ')}`;
  if (decided === 'not HTTP') return `not HTTP: ${how}`;
  return decided === 'at Pomerium' ? `at Pomerium: ${how}` : decided;
}

/** What is true of several routes, or helps with several problems, is said once. */
function notesOn(rows: readonly Row[], { configuration, problems, routes }: Examined): string[] {
  const isWhole = isObject(configuration) && !('from' in configuration);
  const claims = isWhole ? [] : claimsIn(routes?.explain().flatMap(({ policy }) => policy));
  return [...leaveNote(problems), ...assertionNote(rows, isWhole), ...claimsNote(claims.map(({ claim }) => claim))];
}

/** Of a whole configuration it is known. */
function claimsNote(claims: readonly string[]): string[] {
  const names = [...new Set(claims)].map(safeText).join(', ');
  return names === '' ? [] : [`An assertion has claims only if jwt_claims_headers names them: ${names}.`];
}

function leaveNote(problems: readonly Problem[]): string[] {
  const names = new Set(problems.flatMap(({ leave }) => leave ?? []));
  if (names.size === 0) return [];
  return [`With --leave ${[...names].join(',')} this is left to Pomerium, which alone decides it.`];
}

function assertionNote(rows: readonly Row[], isWhole: boolean): string[] {
  const reasons = new Set(rows.map(({ withoutAssertion }) => withoutAssertion));
  const removed = 'remove_request_headers also removes the assertion that Pomerium itself writes: take it out there.';
  const passed = isWhole
    ? 'Without pass_identity_headers: true, of the route or of all, Pomerium sends no assertion, and all is refused here.'
    : 'Only with pass_identity_headers: true, of the route or of the whole configuration, does Pomerium send an assertion.';
  return [
    ...(reasons.has('pass_identity_headers') ? [passed] : []),
    ...(reasons.has('remove_request_headers') ? [removed] : []),
  ];
}

const SUMMARY: readonly (readonly [Row['decided'], string])[] = [
  ['here', 'decided here'],
  ['in part', 'in part left to Pomerium'],
  ['at Pomerium', 'answered by Pomerium'],
  ['another host', 'of another host'],
  ['not HTTP', 'not HTTP'],
  ['refused', 'refused'],
];

function summaryOf(rows: readonly Row[], problems: number): string {
  const counts = SUMMARY.flatMap(([decided, text]) => {
    const count = rows.filter((row) => row.decided === decided).length;
    return count === 0 ? [] : [`${count} ${text}`];
  });
  const total = `${countOf(rows.length, 'route')}: ${counts.join(', ')}.`;
  const refusal = `${countOf(problems, 'problem')}: nothing of the file can be used before that is put right.`;
  return [...(rows.length > 0 ? [total] : []), ...(problems > 0 ? [refusal] : [])].join(' ');
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
