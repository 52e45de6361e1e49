import type { PomeriumErrorCode } from '../../core/errors.ts';
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
    if (!isIn) return { ...finding('unclear', ''), ...explainRefusal(answer) };
    if (marker !== undefined && body.includes(marker))
      return finding('let in', 'a forged claim header reached the app');
    return finding('as it should', 'let in');
  }
  if (isIn) return judgeServed({ name, answer, baseline });
  // It holds an unknown key for a new one that it may not fetch yet. That it lets somebody in at all is said by the good request.
  if (status === 503 && hasCode(answer, 'keys_unavailable'))
    return { ...finding('as it should', 'refused: it may not ask for more keys yet'), fix: WAIT };
  if (status === 429 || status === 503) return { ...finding('unclear', 'not answered for now'), fix: WAIT };
  if (!REFUSALS.has(status)) return finding('unclear', 'neither let in nor refused');
  if (!baseline || baseline.shareIn(answer) < HALF) return finding('as it should', 'refused');
  return { ...finding('let in', 'the status refuses, but the page is in the body'), fix: PAGE_IN_REFUSAL };
}

/** Of a page's own text: an answer that refuses has none of it, but perhaps of its frame. */
const HALF = 0.5;
const MOST = 0.8;

const PAGE_IN_REFUSAL =
  'Refuse before the page is rendered, in the gate or in the page itself: Next.js renders a page also where its layout refuses';

const WAIT = 'Wait a minute, or lower --rate: after many requests at once some were put off';
const OTHER_PERSON = 'Say with --groups or --as who may see this path, or give another path';

/** Whether the library's own code is in a refusal. */
function hasCode({ body }: Answer, code: PomeriumErrorCode): boolean {
  return new RegExp(`\\b${code}\\b`).test(body);
}

/** Why a good assertion may get this, and what to do. */
function explainRefusal(answer: Answer): Pick<Finding, 'detail' | 'fix'> {
  const { status } = answer;
  if (status === 404 || status === 410)
    return { detail: 'a good assertion finds nothing there: is it the right path?' };
  if (status >= 300 && status < 400) return { detail: 'a good assertion is sent elsewhere: is it the right address?' };
  if (status === 403 && hasCode(answer, 'policy_denied'))
    return { detail: 'the assertion is good, but this person may not see this path', fix: OTHER_PERSON };
  if (status === 429 || status === 503) return { detail: 'a good assertion is not answered for now', fix: WAIT };
  const detail = 'a good assertion is refused: is it the right key, audience and issuer format?';
  return status === 403 ? { detail: `${detail} And may this person see this path?`, fix: OTHER_PERSON } : { detail };
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

/** Whether no connection came about, or none that is trusted: no other request would fare better. */
export function isUnreachable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(ECONNREFUSED|ENOTFOUND|EAI_|E(HOST|NET)UNREACH|EPROTO|ERR_(SSL|TLS)|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO)/.test(
    code,
  );
}

/** A server that cuts the connection, as many do for headers of 64 KiB, served nobody. */
export function judgeFailure({ name, expect }: Pick<Attack, 'name' | 'expect'>, error: unknown): Finding {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isCut = expect === 'refused' && (code === 'ECONNRESET' || code === 'EPIPE');
  const detail = isCut ? 'refused: the connection was cut' : `no answer: ${describeFetchFailure(error)}`;
  return { name, verdict: isCut ? 'as it should' : 'unclear', status: undefined, detail };
}
