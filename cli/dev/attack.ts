import { attacksOn } from '../doctor/attacks.ts';
import { type Finding, judge, judgeFailure } from '../doctor/judge.ts';
import { send } from '../doctor/send.ts';
import type { DevState } from './state.ts';

const TIMEOUT = 5000;

export interface AttackOutcome {
  readonly findings: readonly Finding[];
  /** What the app answered, if one attack was sent. */
  readonly answer: string | undefined;
}

/** One after the other: they are a few dozen, and the app is on this machine. `only`: the name of one. */
export async function attack({ issuer, to }: DevState, path: string, only: string | undefined): Promise<AttackOutcome> {
  const all = await attacksOn(new URL(path, to), issuer, { isTrusted: true });
  const findings: Finding[] = [];
  let answer: string | undefined;
  for (const one of all.filter(({ name }) => only === undefined || name === only)) {
    try {
      const response = await send(to, one, TIMEOUT);
      findings.push(judge(one, response));
      answer = response.body;
    } catch (error) {
      findings.push(judgeFailure(one, error));
    }
  }
  return { findings, answer: only === undefined ? undefined : answer };
}
