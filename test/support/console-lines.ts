export interface ConsoleLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly line: unknown;
}

/** What the work returns, and what is written to the console meanwhile. */
export async function withConsoleLines<T>(work: () => Promise<T>): Promise<{ result: T; lines: ConsoleLine[] }> {
  const lines: ConsoleLine[] = [];
  const { info, warn, error } = console;
  for (const level of ['info', 'warn', 'error'] as const) console[level] = (line) => void lines.push({ level, line });
  try {
    return { result: await work(), lines };
  } finally {
    Object.assign(console, { info, warn, error });
  }
}
