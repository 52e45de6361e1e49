import { createDecider, type GateResult, staticKeys } from '../../core/adapter.ts';
import { report } from './report.ts';

/** Made up for this: nobody has the private half of the key any more, and only the decider below believes it. */
const HOST = 'warm-up.invalid';
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'YAfk84UeBTqV8zI5YkWHCTscGwc0ostbWpuOOIhZEWY',
  y: 'sQ0-X0JgTITbbarR6qdyJ3ExyYXkLG8XGuZJ-Tjxmig',
  kid: 'k',
};
const ASSERTION =
  'eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.eyJpc3MiOiJ3YXJtLXVwLmludmFsaWQiLCJhdWQiOiJ3YXJtLXVwLmludmFsaWQiLCJzdWIiOiJhIiwidXNlciI6ImEiLCJlbWFpbCI6ImEiLCJuYW1lIjoiYSIsImdyb3VwcyI6WyJhIl0sInNpZCI6ImEiLCJqdGkiOiJhIiwiaWF0IjowLCJleHAiOjF9.ykcxSHMj7pO-mzAfthMlVSQVch4Ttm5eDvz2-J_JHxAip7tV_RPim_lScmEhNsj_07QPjfo6F7a5yCG7fW1ywQ';

const NOTHING = () => {};

let result: Promise<GateResult> | undefined;

/**
 * Lets one made-up request in, once a process, and tells nobody: V8 compiles a function when it is first called, which takes less
 * while Lambda gives init all of a CPU than in the first request, with a seventh of one at 256 MB. Returns the decision.
 */
export function warmUp(): Promise<GateResult> {
  result ??= decide();
  return result;
}

async function decide(): Promise<GateResult> {
  const log = { event: NOTHING, failure: NOTHING };
  const decider = createDecider({}, { audience: HOST, keys: staticKeys(KEY), now: () => 0 }, { log });
  const headers = { 'x-pomerium-jwt-assertion': ASSERTION };
  const request = { method: 'GET', url: '/', headers, requestId: undefined };
  const decision = { startedAt: process.hrtime.bigint(), request, result: await decider.authorize(request) };
  const logger = { info: NOTHING, warn: NOTHING, error: NOTHING };
  const metrics = { singleMetric: () => metrics, addDimension: NOTHING, addMetric: NOTHING };
  report(decision, { logger, metrics, logClaims: [], logSubject: false });
  return decision.result;
}
