/** A table in which long cells go on in the next line; the widths are of the cells. */
export function columns(rows: readonly (readonly string[])[], widths: readonly number[]): string[] {
  return rows.flatMap((row) => {
    const cells = row.map((cell, i) => cell.split('\n').flatMap((line) => wrap(line, widths[i] ?? line.length)));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, i) =>
      cells
        .map((lines, column) => (lines[i] ?? '').padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  });
}

/** At spaces, and where there are none in a whole line, after a dot, a slash or anywhere. What goes on is indented. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const end = breakBefore(rest, width);
    lines.push(rest.slice(0, end).trimEnd());
    rest = `  ${rest.slice(end).trimStart()}`;
  }
  return [...lines, rest];
}

function breakBefore(text: string, width: number): number {
  const space = text.lastIndexOf(' ', width);
  if (space > width / 3) return space + 1;
  const mark = Math.max(...['.', '/', '-', '|'].map((one) => text.lastIndexOf(one, width - 1)));
  return mark > width / 3 ? mark + 1 : width;
}

const GAP = 2;

/** The widths of columns that have room in `total` characters: as wide as their widest cell, or the widest narrower. */
export function widthsFor(cells: readonly (readonly string[])[], total: number): number[] {
  const widths = cells.map((column) =>
    Math.max(...column.flatMap((cell) => cell.split('\n')).map(({ length }) => Math.min(length, total))),
  );
  const room = total - GAP * (widths.length - 1);
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
