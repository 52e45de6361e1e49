import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Kind } from './library.ts';

/** What one process found out about one family. */
export interface Report {
  readonly family: string;
  readonly kind: Kind;
  readonly seeds: number;
  /** How often each promise was checked where it applies. */
  readonly checks: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
  /** Of all stories: the same for the same seeds. */
  readonly digest: string;
}

export interface Failure {
  readonly seed: number;
  /** The first failure of each promise. */
  readonly details: readonly string[];
  readonly first: string;
  readonly story: readonly string[];
}

export interface SimulateOptions {
  readonly kind: Kind;
  readonly from?: number;
  readonly seeds: number;
  readonly family?: string | undefined;
  readonly subject?: 'ours' | 'jose';
  /** Print everything that happens. */
  readonly story?: boolean;
}

/** Runs seeds in a process of their own: what a runtime is, the library decides once when it is loaded. */
export async function simulate({ kind, from = 1, seeds, family, subject, story }: SimulateOptions): Promise<Report[]> {
  const args = ['--kind', kind, '--from', String(from), '--seeds', String(seeds)];
  if (family !== undefined) args.push('--family', family);
  if (subject !== undefined) args.push('--subject', subject);
  if (story) args.push('--story');
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`The simulation ended with code ${code}`);
  return output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** All that a person needs to see why a family failed, and to see it again. */
export function describeFailures({ family, kind, seeds, failures }: Report): string {
  const [first] = failures;
  if (!first) return '';
  return [
    `${failures.length} of ${seeds} seeds break a promise. Seed ${first.seed}:`,
    ...first.story.slice(0, -1),
    ...first.details.map((detail) => `✗ ${detail}`),
    `Again: npm run simulate -- --kind ${kind} --family ${family} --seed ${first.seed}`,
  ].join('\n');
}
