import { vi } from 'vitest';

/** What the work writes to the console: its level, and the line as an object where it is JSON. */
export async function collectConsole(work: () => unknown): Promise<{ level: string; line: unknown }[]> {
  const lines: { level: string; line: unknown }[] = [];
  const spies = (['info', 'warn', 'error'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((line: unknown) => {
      lines.push({ level, line: typeof line === 'string' && line.startsWith('{') ? JSON.parse(line) : line });
    }),
  );
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return lines;
}

/** Runs the work with these variables of the process, and puts back what was there. */
export async function withVariables(variables: Readonly<Record<string, string>>, work: () => unknown): Promise<void> {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  try {
    await work();
  } finally {
    vi.unstubAllEnvs();
  }
}
