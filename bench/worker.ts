import { makeContestants } from './contestants.ts';
import { measure } from './measure.ts';

/** The same measurement inside workerd. */
export default {
  async fetch(): Promise<Response> {
    const { contestants, absent } = await makeContestants();
    return Response.json({ measured: await measure(contestants), absent });
  },
};
