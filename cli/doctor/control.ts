import type { Finding } from './finding.ts';

/** Without a request that gets in as it must, refusals prove nothing: a server that is not there refuses everything. */
export const CONTROL = 'a request that must get in';

/** What was tried to get in. */
interface Control {
  /** Whether there is a key that the endpoint should know. */
  readonly hasKey: boolean;
  /** Whether a good assertion was sent: with routes somebody whom they let in must be known. */
  readonly hasGood: boolean;
  readonly gotIn: boolean;
}

/** The findings with what they do not prove. */
export function withControl(findings: readonly Finding[], control: Control): Finding[] {
  const answered = findings.filter(({ verdict }) => verdict === 'as it should');
  if (control.gotIn || answered.length === 0) return [...findings];
  const { detail, address, provesNothing } = explain(findings);
  const fix = [address, wayIn(control)].filter((one) => one !== undefined).join('. ');
  const missing: Finding = { name: CONTROL, verdict: 'unclear', status: undefined, detail, ...(fix && { fix }) };
  return [...findings.map((finding) => (provesNothing ? unclear(finding) : finding)), missing];
}

interface Explanation {
  readonly detail: string;
  /** What is wrong with the address, if that is it. */
  readonly address?: string;
  /** Whether nothing at all answers there. */
  readonly provesNothing: boolean;
}

/** What a good request needs; undefined where one was sent, of which its own finding says why it was refused. */
function wayIn({ hasKey, hasGood }: Control): string | undefined {
  if (!hasKey) return 'Say --key with the private key of a Pomerium for tests, so that a good assertion is sent, too';
  return hasGood ? undefined : 'Say --as with somebody whom the routes let in here: nobody was found';
}

/** What servers say to odd targets and large headers before anything is asked; others cut the connection. */
const OF_SERVER: ReadonlySet<number | undefined> = new Set([undefined, 400, 413, 414, 431]);

function explain(findings: readonly Finding[]): Explanation {
  const every = new Set(findings.map(({ status }) => status));
  const ofService = new Set([...every].filter((status) => !OF_SERVER.has(status)));
  const statuses = ofService.size > 0 ? ofService : every;
  const all = (isSo: (status: number) => boolean) => [...statuses].every((one) => one !== undefined && isSo(one));
  if (all((status) => status === 404 || status === 410)) {
    const detail = `every request got ${[...statuses].join(' or ')}: perhaps nothing is there`;
    return { detail, address: 'Give the address of a page that is there', provesNothing: true };
  }
  if (all((status) => status >= 300 && status < 400)) {
    const address =
      'Give the address that goes around whatever asks people to sign in, and around redirects to https or another host';
    return {
      detail: 'every request was sent elsewhere: nothing of the service answered',
      address,
      provesNothing: true,
    };
  }
  const [status] = statuses;
  const isOfGate = statuses.size > 1 || status === 401;
  const same = isOfGate ? '' : `, and every request ${status === undefined ? 'was cut' : `got ${status}`}`;
  return {
    detail: `no good request got in${same}: what refuses everything passes, too`,
    provesNothing: false,
  };
}

function unclear(finding: Finding): Finding {
  if (finding.verdict !== 'as it should') return finding;
  return { ...finding, verdict: 'unclear', detail: 'as every other request' };
}
