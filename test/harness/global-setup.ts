import type { TestProject } from 'vitest/node';
import { startOrigin } from '../support/origin-server.ts';

/** One scripted origin for all tests; each makes a URL of its own on it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const origin = await startOrigin();
  project.provide('origin', origin.url);
  return origin.close;
}
