import { PomeriumError } from '../../core/adapter.ts';

/** With the version: no other one must be handed our verifiers. A test compares it. */
const SHARED = Symbol.for('pomerium-edge 0.1.0');

/**
 * What is made once for a key in the whole process. Next.js bundles the proxy, pages and routes apart, each with a copy of
 * this package: with keys of their own they would each ask for them, and verify again what the proxy has just verified.
 * Where they run in processes of their own, as on Vercel, each makes its own.
 */
export function shared<Made>(key: string, make: () => Made): Made {
  const scope = globalThis as { [SHARED]?: Map<string, Made> };
  scope[SHARED] ??= new Map();
  const made = scope[SHARED].get(key) ?? make();
  scope[SHARED].set(key, made);
  return made;
}

/** The error of another bundle's copy of this package as one of ours, so that `instanceof` knows it. */
export function toOwnError(error: unknown): unknown {
  if (error instanceof PomeriumError || !(error instanceof Error) || error.name !== 'PomeriumError') return error;
  const { code, message, expected, received, path, retryAfter, subject } = error as PomeriumError;
  const own = new PomeriumError(code, message, { expected, received, path, retryAfter, cause: error });
  return subject === undefined ? own : Object.defineProperty(own, 'subject', { value: subject });
}
