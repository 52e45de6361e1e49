import type { Contestant } from './measure.ts';
import { makePolicyContestants } from './policies.ts';
import { makeRoutesContestants } from './routes.ts';

/** What is decided once the signature is known to be valid. */
export async function makeDecisions(): Promise<Contestant[]> {
  return [...(await makePolicyContestants()), ...(await makeRoutesContestants())];
}
