import { describeFetchFailure } from '../../core/fetch-failure.ts';
import type { Attack } from './attacks.ts';
import { type Baseline, isRefusedMidway } from './baseline.ts';
import type { Finding } from './finding.ts';
import { isOfPomerium } from './pomerium.ts';
import type { Answer } from './send.ts';

/** Of a path where it makes no difference whether there is an assertion. */
export const OPEN_PATH = 'This path is public, or not guarded: try one that is not public.';

/** Whether it is the path that lets everybody in, rather than a flaw of the gate. */
export function isOpen(findings: readonly Finding[]): boolean {
  return findings.some(({ name, verdict }) => name === 'no assertion' && verdict === 'let in');
}

/** Who is not known, not allowed, or sent away to sign in; what is not there, or no request at all, serves nobody. */
const REFUSALS = new Set([301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 410, 413, 414, 421, 431]);

/** `baseline`: what somebody who may sees there, where that is known. */
export function judge({ name, expect, marker }: Attack, answer: Answer, baseline?: Baseline): Finding {
  const { status, body } = answer;
  const isIn = status >= 200 && status < 300;
  const finding = (verdict: Finding['verdict'], detail: string): Finding => ({ name, verdict, status, detail });
  // Where a good assertion got in, it is the service that sends people to sign in at Pomerium.
  if (!baseline && isOfPomerium(answer)) return finding('unclear', 'Pomerium answered, not the service behind it');
  if (expect === 'let in') {
    if (!isIn) return finding('unclear', describeRefusal(status));
    if (marker !== undefined && body.includes(marker))
      return finding('let in', 'a forged claim header reached the app');
    return finding('as it should', 'let in');
  }
  if (isIn) return judgeServed({ name, answer, baseline });
  if (!REFUSALS.has(status)) return finding('unclear', 'neither let in nor refused');
  if (!baseline || baseline.shareIn(answer) < HALF) return finding('as it should', 'refused');
  return { ...finding('let in', 'the status refuses, but the page is in the body'), fix: PAGE_IN_REFUSAL };
}

/** Of a page's own text: an answer that refuses has none of it, but perhaps of its frame. */
const HALF = 0.5;
const MOST = 0.8;

const PAGE_IN_REFUSAL =
  'Refuse before the page is rendered, in the gate or in the page itself: Next.js renders a page also where its layout refuses';

/** Why a good assertion may get this. */
function describeRefusal(status: number): string {
  if (status === 404 || status === 410) return 'a good assertion finds nothing there: is it the right path?';
  if (status >= 300 && status < 400) return 'a good assertion is sent elsewhere: is it the right address?';
  return 'a good assertion is refused: is it the right key, audience and issuer format?';
}

/** A status of 200 may come before the refusal, in a page that streams. */
function judgeServed({
  name,
  answer,
  baseline,
}: {
  name: string;
  answer: Answer;
  baseline: Baseline | undefined;
}): Finding {
  const { status } = answer;
  const letIn: Finding = { name, verdict: 'let in', status, detail: 'it must be refused' };
  if (!isRefusedMidway(answer)) return letIn;
  if (!baseline) {
    const detail = 'a page that may have refused after its status was sent; with --key it is compared';
    return { ...letIn, verdict: 'unclear', detail };
  }
  const share = baseline.shareIn(answer);
  if (baseline.looksRefused || share >= MOST) return letIn;
  // The frame of a page is sent before the refusal.
  if (share >= HALF)
    return { ...letIn, verdict: 'unclear', detail: 'refused in the page, which has half of its text all the same' };
  return { ...letIn, verdict: 'as it should', detail: 'refused in the page, after its status was sent' };
}

/** A server that cuts the connection, as many do for headers of 64 KiB, served nobody. */
export function judgeFailure({ name, expect }: Attack, error: unknown): Finding {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isCut = expect === 'refused' && (code === 'ECONNRESET' || code === 'EPIPE');
  const detail = isCut ? 'refused: the connection was cut' : `no answer: ${describeFetchFailure(error)}`;
  return { name, verdict: isCut ? 'as it should' : 'unclear', status: undefined, detail };
}
