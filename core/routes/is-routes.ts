import type { Routes } from './compile.ts';

/** In a file of its own: a verifier without routes carries nothing of what compiles them. */
export function isRoutes(value: unknown): value is Routes {
  const { requireIssued, check } = (value ?? {}) as Partial<Routes>;
  return typeof requireIssued === 'function' && typeof check === 'function';
}
