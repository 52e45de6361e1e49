import type { PolicyExplanation } from '../core/index.ts';
import { safeText } from '../inspector/text.ts';
import { mark, paint, print } from './output.ts';

/** The tree that says how a policy decided. What is left to Pomerium has a question mark. */
export function printTree({ rules }: PolicyExplanation): void {
  const verdict = (holds: boolean) => mark(holds ? 'pass' : 'fail');
  // Of a route without settings there is a rule with nothing in it.
  for (const rule of rules.filter(({ operators }) => operators.length > 0)) {
    print(`${verdict(rule.holds)} ${paint('bold', rule.action)}  ${safeText(rule.path)}`);
    for (const operator of rule.operators) {
      print(`  ${verdict(operator.holds)} ${operator.operator}`);
      for (const { criterion, holds, path, isLeft } of operator.criteria) {
        const sign = isLeft ? mark('not checked') : verdict(holds);
        const note = isLeft ? '  left to Pomerium' : '';
        print(`    ${sign} ${safeText(criterion)}  ${paint('dim', safeText(path))}${note}`);
      }
    }
  }
}

export function printVerdict(isAllowed: boolean): void {
  print(isAllowed ? paint('green', '\nallowed') : paint('red', '\nnot allowed'));
}
