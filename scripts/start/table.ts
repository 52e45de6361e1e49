import type { Outcome } from './play.ts';

const HEAD = ['', 'request', 'verdict', 'code', 'status', 'what reached the upstream'];
const MAX_NAME = 72;

/** A table that a person reads: one line a request. */
export function renderTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ scenario, status, code, received, asExpected }) => [
    asExpected ? '✓' : '✗',
    cut(scenario.name),
    received ? 'passed on' : 'refused',
    asExpected ? code : `${code} (expected ${scenario.expect})`,
    String(status),
    received ? describe(received.headers) : 'nothing',
  ]);
  const widths = HEAD.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(HEAD), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

function describe(headers: readonly (readonly [string, string])[]): string {
  const names = headers
    .map(([name]) => name.toLowerCase())
    .filter((name) => name.replaceAll('_', '-').startsWith('x-pomerium'))
    .map((name) => name.replace('x-pomerium-', ''));
  return names.length > 0 ? `x-pomerium- ${names.join(', ')}` : 'no header of Pomerium';
}

function cut(text: string): string {
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME - 1)}…` : text;
}
