/**
 * The few names of vitest that the tests in `test/core` use, for runtimes that vitest does not run on. Bundled in
 * vitest's place: the bundle is a script that sets `globalThis.portableTests` to a function that runs them all.
 */
export { assert } from 'chai';

interface Case {
  readonly name: string;
  readonly body: () => unknown;
}

export interface Result {
  readonly name: string;
  /** Undefined where the test passed. */
  readonly failure: string | undefined;
}

const cases: Case[] = [];
const path: string[] = [];

export function describe(name: string, body: () => void): void {
  path.push(name);
  body();
  path.pop();
}

export function test(name: string, body: () => unknown): void {
  cases.push({ name: [...path, name].join(' > '), body });
}

export function inject(name: string): unknown {
  return (globalThis as { provided?: Record<string, unknown> }).provided?.[name];
}

const TIME_LIMIT = 60_000;

async function run({ name, body }: Case): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${TIME_LIMIT} ms`)), TIME_LIMIT);
  });
  try {
    await Promise.race([(async () => body())(), limit]);
    return { name, failure: undefined };
  } catch (error) {
    return { name, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

Object.assign(globalThis, {
  portableTests: async (): Promise<Result[]> => {
    const results: Result[] = [];
    for (const one of cases) results.push(await run(one));
    return results;
  },
});
