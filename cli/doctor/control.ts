import type { Finding } from './finding.ts';

/** Without a request that gets in as it must, refusals prove nothing: a server that is not there refuses everything. */
export const CONTROL = 'a request that must get in';

/** The findings with what they do not prove. `hasControl`: somebody who may got in. */
export function withControl(findings: readonly Finding[], hasControl: boolean): Finding[] {
  const answered = findings.filter(({ verdict }) => verdict === 'as it should');
  if (hasControl || answered.length === 0) return [...findings];
  const { detail, fix, provesNothing } = explain(answered);
  const control: Finding = { name: CONTROL, verdict: 'unclear', status: undefined, detail, fix };
  return [...findings.map((finding) => (provesNothing ? unclear(finding) : finding)), control];
}

interface Explanation {
  readonly detail: string;
  readonly fix: string;
  /** Whether nothing at all answers there. */
  readonly provesNothing: boolean;
}

const KEY =
  'Say --key with the private key of a Pomerium for tests, so that a good assertion is sent, too; with --config somebody whom the routes let in must be found';

function explain(answered: readonly Finding[]): Explanation {
  const statuses = new Set(answered.map(({ status }) => status));
  const all = (isSo: (status: number) => boolean) => [...statuses].every((one) => one !== undefined && isSo(one));
  if (all((status) => status === 404 || status === 410)) {
    const detail = `every request got ${[...statuses].join(' or ')}: perhaps nothing is there`;
    return { detail, fix: `Give the address of a page that is there. ${KEY}`, provesNothing: true };
  }
  if (all((status) => status >= 300 && status < 400)) {
    const fix = `Give the address that goes around whatever asks people to sign in, and around redirects to https or another host. ${KEY}`;
    return { detail: 'every request was sent elsewhere: nothing of the service answered', fix, provesNothing: true };
  }
  const [status] = statuses;
  const isOfGate = statuses.size > 1 || status === 401;
  const every = isOfGate ? '' : `, and every request ${status === undefined ? 'was cut' : `got ${status}`}`;
  return {
    detail: `no good request got in${every}: what refuses everything passes, too`,
    fix: KEY,
    provesNothing: false,
  };
}

function unclear(finding: Finding): Finding {
  if (finding.verdict !== 'as it should') return finding;
  return { ...finding, verdict: 'unclear', detail: 'as every other request' };
}
