import { attacksOn } from '../doctor/attacks.ts';
import type { Finding } from '../doctor/finding.ts';
import { judge } from '../doctor/judge.ts';
import { perform } from '../doctor/perform.ts';
import { send } from '../doctor/send.ts';
import type { DevState } from './state.ts';

/** Milliseconds. */
const TIMEOUT = 5000;

export interface AttackOutcome {
  readonly findings: readonly Finding[];
  /** What the app answered, if one attack was sent. */
  readonly answer: string | undefined;
}

/** Straight to the app, which is on this machine: no rate is kept. `only`: the name of one. */
export async function attack({ issuer, to }: DevState, path: string, only: string | undefined): Promise<AttackOutcome> {
  const all = await attacksOn(new URL(path, to), issuer, { isTrusted: true });
  const chosen = all.filter(({ name }) => only === undefined || name === only);
  let answer: string | undefined;
  const findings = await perform(
    (request) => send(to, request, TIMEOUT),
    chosen,
    (one, response) => {
      if (only !== undefined) answer = response.body;
      return judge(one, response);
    },
  );
  return { findings, answer };
}
