import type { Attack } from './attacks.ts';
import type { Finding } from './finding.ts';
import { judgeFailure } from './judge.ts';
import type { Answer, RawRequest } from './send.ts';

type Ask = (request: RawRequest) => Promise<Answer>;

/** What became of each attack, sent one after the other. */
export async function perform(
  ask: Ask,
  attacks: readonly Attack[],
  judgeAnswer: (attack: Attack, answer: Answer) => Finding,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const attack of attacks) {
    findings.push(
      await ask(attack).then(
        (answer) => judgeAnswer(attack, answer),
        (error) => judgeFailure(attack, error),
      ),
    );
  }
  return findings;
}
