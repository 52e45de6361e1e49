import type { Check, Explanation } from './explain.ts';
import { type Html, html } from './html.ts';
import { describeTime, safeJson, safeText } from './text.ts';

const VERDICTS = {
  valid: ['pass', '✓ Valid: a verifier with these settings accepts it.'],
  refused: ['fail', '✗ Refused.'],
  unknown: ['open', '? Not proved: not everything could be checked.'],
} as const;

/** An assertion laid open: verdict, time left, rules, header and claims. `now` in seconds. */
export function explanationSection({ header, claims, checks, verdict }: Explanation, now: number): Html {
  const [look, words] = VERDICTS[verdict];
  const exp = (claims as { exp?: unknown } | undefined)?.exp;
  const timeLeft = typeof exp === 'number' ? describeTime('expires', exp, now) : undefined;
  return html`
<p class="verdict ${look}" role="status">${words}${timeLeft && html` <span data-ends="${Number(exp)}">${timeLeft}</span>`}</p>
<h2>Rules</h2>
<div class="scroll"><table class="rules">
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

function checkRow({ rule, verdict, detail, fix }: Check): Html {
  const [look, words] = WORDS[verdict];
  return html`<tr><th scope="row">${rule}</th><td class="${look}">${words}</td><td>${detail}${
    fix !== undefined && html`<br><span class="quiet">→ ${fix}</span>`
  }</td></tr>`;
}

function membersTable(kind: string, members: unknown, now: number): Html {
  const entries = Object.entries(members ?? {});
  if (entries.length === 0) return html`<p class="quiet">It cannot be read.</p>`;
  return pairsTable(
    kind,
    entries.map(([name, value]) => [name, safeJson(value) + timeOf(name, value, now)]),
  );
}

function timeOf(name: string, value: unknown, now: number): string {
  if (typeof value !== 'number' || !['exp', 'iat', 'nbf'].includes(name)) return '';
  const words = describeTime(name === 'exp' ? 'expires' : 'issued', value, now);
  return words === undefined ? '' : ` (${words})`;
}

/** Names and values may be foreign. */
export function pairsTable(kind: string, pairs: readonly (readonly [string, string])[]): Html {
  return html`<div class="scroll"><table class="pairs">
<thead><tr><th scope="col">${kind}</th><th scope="col">Value</th></tr></thead>
<tbody>${pairs.map(([name, value]) => html`<tr><th scope="row">${safeText(name)}</th><td>${safeText(value)}</td></tr>`)}</tbody>
</table></div>`;
}
