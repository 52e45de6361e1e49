import { describeFetchFailure } from '../../core/fetch-failure.ts';
import type { Attack } from './attacks.ts';
import type { Answer } from './send.ts';

/** What became of a request of the battery. */
export interface Finding {
  readonly name: string;
  readonly verdict: 'as it should' | 'let in' | 'unclear';
  readonly status: number | undefined;
  readonly detail: string;
  /** What to do about it, where that is known. */
  readonly fix?: string;
}

/** Of a path where it makes no difference whether there is an assertion. */
export const OPEN_PATH = 'This path is public, or not guarded: try one that is not public.';

/** Whether it is the path that lets everybody in, rather than a flaw of the gate. */
export function isOpen(findings: readonly Finding[]): boolean {
  return findings.some(({ name, verdict }) => name === 'no assertion' && verdict === 'let in');
}

/** Who is not known, not allowed, or sent away to sign in; what is not there, or no request at all, serves nobody. */
const REFUSALS = new Set([301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 410, 413, 414, 421, 431]);

export function judge({ name, expect, marker }: Attack, { status, body }: Answer): Finding {
  const isIn = status >= 200 && status < 300;
  const finding = (verdict: Finding['verdict'], detail: string): Finding => ({ name, verdict, status, detail });
  if (expect === 'let in') {
    if (!isIn)
      return finding('unclear', 'a good assertion is refused: is it the right key, audience and issuer format?');
    if (marker !== undefined && body.includes(marker))
      return finding('let in', 'a forged claim header reached the app');
    return finding('as it should', 'let in');
  }
  if (isIn) return finding('let in', 'it must be refused');
  if (REFUSALS.has(status)) return finding('as it should', 'refused');
  return finding('unclear', 'neither let in nor refused');
}

/** A server that cuts the connection, as many do for headers of 64 KiB, served nobody. */
export function judgeFailure({ name, expect }: Attack, error: unknown): Finding {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isCut = expect === 'refused' && (code === 'ECONNRESET' || code === 'EPIPE');
  const detail = isCut ? 'refused: the connection was cut' : `no answer: ${describeFetchFailure(error)}`;
  return { name, verdict: isCut ? 'as it should' : 'unclear', status: undefined, detail };
}
