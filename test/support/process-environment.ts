import process from 'node:process';

/** Does the work with these variables in the environment of the process, where others than Workers have theirs. */
export async function withProcessEnvironment<T>(
  env: Readonly<Record<string, string>>,
  work: () => T | Promise<T>,
): Promise<T> {
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
  }
}
