import { makeContestants } from './contestants.ts';
import { measure } from './measure.ts';
import { makePolicyContestants } from './policies.ts';

/** The same measurement inside workerd. */
export default {
  async fetch(): Promise<Response> {
    const { contestants, absent } = await makeContestants();
    const policies = await measure(await makePolicyContestants());
    return Response.json({ measured: await measure(contestants), absent, policies });
  },
};
