import { type Html, html } from '../../inspector/html.ts';
import { safeLines } from '../../inspector/text.ts';
import type { Attack } from '../doctor/attacks.ts';
import type { Finding } from '../doctor/finding.ts';
import { isOpen, OPEN_PATH } from '../doctor/judge.ts';
import type { AttackOutcome } from './attack.ts';

const MAX_LENGTH = 2000;

export function attackForm(attacks: readonly Attack[], path: string): Html {
  return html`<form method="post" action="/.pomerium/attack#attacks"><label for="path">Path</label> <input id="path" name="path" value="${path}">
<button type="submit">Send every attack to the app</button>
<span class="quiet">Straight to the app, around this stand-in.</span>
<details><summary>Or one of them</summary>${attacks.map(
    ({ name }) => html`<button type="submit" name="attack" value="${name}">${name}</button> `,
  )}</details></form>`;
}

export function attackSection({ findings, answer }: Partial<AttackOutcome>): Html | undefined {
  if (!findings) return undefined;
  // Some are named by the path, which may be another one by now.
  if (findings.length === 0)
    return html`<p class="verdict open" role="status">? Nothing was sent: there is no such attack on this path.</p>`;
  const wrong = findings.filter(({ verdict }) => verdict === 'let in').length;
  const table = findingsTable(findings);
  // A long table says nothing more where all is well, or where the path is open.
  const isShort = findings.length === 1 || (wrong > 0 && !isOpen(findings));
  return html`${isOpen(findings) && html`<p class="verdict open">? ${OPEN_PATH}</p>`}
<p class="verdict ${wrong > 0 ? 'fail' : 'pass'}" role="status">${
    wrong > 0 ? `✗ ${wrong} got in that must not.` : `✓ None of ${findings.length} got in that must not.`
  }</p>
${answer !== undefined && html`<h3>What the app answered</h3><pre>${safeLines(answer.slice(0, MAX_LENGTH))}</pre>`}
${isShort ? table : html`<details><summary>Each of them</summary>${table}</details>`}`;
}

const LOOKS = { 'as it should': 'pass', 'let in': 'fail', unclear: 'open' } as const;
const SIGNS = { 'as it should': '✓ as it should', 'let in': '✗ let in', unclear: '? unclear' } as const;
const ORDER = { 'let in': 0, unclear: 1, 'as it should': 2 } as const;

/** What went wrong first. */
function findingsTable(findings: readonly Finding[]): Html {
  const sorted = findings.toSorted((one, other) => ORDER[one.verdict] - ORDER[other.verdict]);
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Verdict</th><th scope="col">Attack</th><th scope="col">Status</th><th scope="col">What happened</th></tr></thead>
<tbody>${sorted.map(
    ({ name, verdict, status, detail }) => html`<tr><td class="${LOOKS[verdict]}">${SIGNS[verdict]}</td>
<th scope="row">${name}</th><td>${status ?? '–'}</td><td>${detail}</td></tr>`,
  )}</tbody>
</table></div>`;
}
