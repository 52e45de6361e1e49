import type { Outcome } from './play.ts';

const HEAD = ['', 'request', 'status', 'verdict'];
const MIN_NAME = 20;

/** A table that a person reads: one line a request, none wider than this many columns as long as all is as expected. */
export function renderTable(outcomes: readonly Outcome[], columns: number): string {
  const rows = outcomes.map(({ scenario, status, code, received, asExpected }) => [
    asExpected ? '✓' : '✗',
    scenario.name,
    String(status),
    received ? 'passed on' : code,
  ]);
  const widths = HEAD.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const others = widths.reduce((sum, width, i) => (i === 1 ? sum : sum + width + 2), 0);
  widths[1] = Math.max(MIN_NAME, Math.min(widths[1] ?? 0, columns - others));
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => cut(cell, widths[i] ?? 0).padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = rows.map((row, i) => `${line(row)}${explain(outcomes[i])}`);
  return [line(HEAD), widths.map((width) => '─'.repeat(width)).join('  '), ...lines].join('\n');
}

/** What a person needs to know of a verdict that is not as expected. */
function explain(outcome: Outcome | undefined): string {
  if (outcome === undefined || outcome.asExpected) return '';
  const { scenario, received } = outcome;
  const names = received?.headers.map(([name]) => name).filter((name) => /^x[-_]pomerium/i.test(name)) ?? [];
  const arrived = received ? `; the upstream got ${names.join(', ') || 'no header of Pomerium'}` : '';
  return `\n   expected: ${scenario.expect}${arrived}`;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
