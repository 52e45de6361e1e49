import { makeContestants } from './contestants.ts';
import { makeDecisions } from './decisions.ts';
import { measure } from './measure.ts';

/** The same measurement inside workerd. */
export default {
  async fetch(): Promise<Response> {
    const { contestants, absent } = await makeContestants();
    const decisions = await measure(await makeDecisions());
    return Response.json({ measured: await measure(contestants), absent, decisions });
  },
};
