import type { Check, Explanation } from './explain.ts';
import { inWords } from './explain.ts';
import { type Html, html } from './html.ts';

const VERDICTS = {
  valid: ['pass', '✓ Valid: a verifier with these settings accepts it.'],
  refused: ['fail', '✗ Refused.'],
  unknown: ['open', '? Not proved: not everything could be checked.'],
} as const;

/** An assertion laid open: verdict, time left, rules, header and claims. `now` in seconds. */
export function explanationSection({ header, claims, checks, verdict }: Explanation, now: number): Html {
  const [look, words] = VERDICTS[verdict];
  const exp = (claims as { exp?: unknown } | undefined)?.exp;
  return html`
<p class="verdict ${look}" role="status">${words}${typeof exp === 'number' && html` <span data-ends="${exp}">${inWords('expires', exp - now)}</span>`}</p>
<h2>Rules</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Rule</th><th scope="col">Verdict</th><th scope="col">What was found</th></tr></thead>
<tbody>${checks.map(checkRow)}</tbody>
</table></div>
<div class="columns">
<section><h2>Header</h2>${membersTable('Member', header, now)}</section>
<section><h2>Claims</h2>${membersTable('Claim', claims, now)}</section>
</div>`;
}

const WORDS = {
  pass: ['pass', '✓ holds'],
  fail: ['fail', '✗ fails'],
  'not checked': ['open', '? not checked'],
} as const;

function checkRow({ rule, verdict, detail, mend }: Check): Html {
  const [look, words] = WORDS[verdict];
  return html`<tr><th scope="row">${rule}</th><td class="${look}">${words}</td><td>${detail}${
    mend !== undefined && html`<br><span class="quiet">→ ${mend}</span>`
  }</td></tr>`;
}

function membersTable(kind: string, members: unknown, now: number): Html {
  const entries = Object.entries(members ?? {});
  if (entries.length === 0) return html`<p class="quiet">It cannot be read.</p>`;
  return pairsTable(
    kind,
    entries.map(([name, value]) => [name, JSON.stringify(value) + timeOf(name, value, now)]),
  );
}

function timeOf(name: string, value: unknown, now: number): string {
  if (typeof value !== 'number' || !['exp', 'iat', 'nbf'].includes(name) || !Number.isSafeInteger(value)) return '';
  return ` (${inWords(name === 'exp' ? 'expires' : 'issued', value - now)})`;
}

export function pairsTable(kind: string, pairs: readonly (readonly [string, string])[]): Html {
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">${kind}</th><th scope="col">Value</th></tr></thead>
<tbody>${pairs.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody>
</table></div>`;
}
