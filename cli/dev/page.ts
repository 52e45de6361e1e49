import { staticKeys } from '../../core/keys/material/static.ts';
import { explain } from '../../inspector/explain.ts';
import { type Html, html } from '../../inspector/html.ts';
import { expectationFrom, pasteForm } from '../../inspector/inspector.ts';
import { respondWithPage } from '../../inspector/page.ts';
import { explanationSection, pairsTable } from '../../inspector/sections.ts';
import { safeLines, safeText } from '../../inspector/text.ts';
import { type Attack, attacksOn } from '../doctor/attacks.ts';
import type { Finding } from '../doctor/judge.ts';
import { askServices, type ServiceAnswer } from './services.ts';
import { type DevState, type ProxiedRequest, signForCurrent } from './state.ts';

export interface PageContent {
  /** An assertion that was pasted; default: what whoever is signed in would bring now. */
  readonly pasted?: string | undefined;
  /** What became of the attacks, if any were sent. */
  readonly findings?: readonly Finding[] | undefined;
  readonly attackedPath?: string | undefined;
  /** What the app answered, if one attack was sent. */
  readonly answer?: string | undefined;
}

export async function respondWithDevPage(state: DevState, content: PageContent = {}): Promise<Response> {
  const { pasted, findings, attackedPath = '/', answer } = content;
  const { issuer } = state;
  const keys = staticKeys(issuer.jwks());
  const now = Date.now() / 1000;
  const assertion = pasted ?? (await signForCurrent(state));
  const answers = await askServices(state.services, assertion);
  const explanation = await explain(assertion, {
    ...expectationFrom({ audience: issuer.host, keys, algorithms: ['ES256', 'RS256', 'EdDSA'] }),
    now,
  });
  return respondWithPage(
    'Pomerium, for development',
    html`<header><h1>Pomerium, for development</h1>
<p>Route <code>${issuer.host}</code> to <a href="/">${state.to}</a></p></header>
<main>
<h2>Signed in</h2>
${identityForm(state)}
<form method="post" action="/.pomerium/rotate"><button type="submit">Rotate the signing key</button>
<span class="quiet">${issuer.keys.length} published; the first signs: <code>${issuer.keys[0]?.kid.slice(0, 16)}…</code></span></form>
<h2>${pasted === undefined ? 'The assertion that goes to the app' : 'The assertion that was pasted'}</h2>
${explanationSection(explanation, now)}
${pasteForm(pasted ?? '')}
${answers.length > 0 && servicesSection(answers)}
<h2 id="attacks">Attacks</h2>
${attackForm(await attacksOn(new URL(attackedPath, state.to), issuer, { isTrusted: true }), attackedPath)}
${findings && findingsTable(findings)}
${answer !== undefined && html`<h3>What the app answered</h3><pre>${safeLines(answer.slice(0, MAX_LENGTH))}</pre>`}
<h2>Last requests</h2>
${requestsSection(state.requests)}
</main>`,
  );
}

function identityForm({ identities, current }: DevState): Html {
  return html`<form method="post" action="/.pomerium/identity"><label for="identity">As</label>
<select id="identity" name="identity">${Object.keys(identities).map(
    (name) => html`<option${name === current && html` selected`}>${name}</option>`,
  )}</select>
<button type="submit">Sign in</button></form>`;
}

function servicesSection(answers: readonly ServiceAnswer[]): Html {
  return html`<h2>What each service says of it</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Service</th><th scope="col">With this assertion</th><th scope="col">Without</th></tr></thead>
<tbody>${answers.map(
    ({ name, url, answer, without }) => html`<tr><th scope="row"><a href="${url}">${name}</a></th>
<td class="${answer.isIn ? 'pass' : 'fail'}">${answer.isIn ? '✓' : '✗'} ${safeText(answer.text)}</td>
<td class="${without.isIn ? 'fail' : 'pass'}">${without.isIn ? '✗' : '✓'} ${safeText(without.text)}</td></tr>`,
  )}</tbody>
</table></div>`;
}

const MAX_LENGTH = 2000;

function attackForm(attacks: readonly Attack[], path: string): Html {
  return html`<form method="post" action="/.pomerium/attack"><label for="path">Path</label> <input id="path" name="path" value="${path}">
<button type="submit">Send every attack to the app</button>
<span class="quiet">Straight to the app, around this stand-in.</span>
<details><summary>Or one of them</summary>${attacks.map(
    ({ name }) => html`<button type="submit" name="attack" value="${name}">${name}</button> `,
  )}</details></form>`;
}

const LOOKS = { 'as it should': 'pass', 'let in': 'fail', unclear: 'open' } as const;
const SIGNS = { 'as it should': '✓ as it should', 'let in': '✗ let in', unclear: '? unclear' } as const;

function findingsTable(findings: readonly Finding[]): Html {
  const wrong = findings.filter(({ verdict }) => verdict === 'let in').length;
  const look = wrong > 0 ? 'fail' : 'pass';
  return html`<p class="verdict ${look}" role="status">${
    wrong > 0 ? `✗ ${wrong} got in that must not.` : `✓ None of ${findings.length} got in that must not.`
  }</p>
<div class="scroll"><table>
<thead><tr><th scope="col">Attack</th><th scope="col">Verdict</th><th scope="col">Status</th><th scope="col">What happened</th></tr></thead>
<tbody>${findings.map(
    ({ name, verdict, status, detail }) => html`<tr><th scope="row">${name}</th>
<td class="${LOOKS[verdict]}">${SIGNS[verdict]}</td><td>${status ?? '–'}</td><td>${detail}</td></tr>`,
  )}</tbody>
</table></div>`;
}

function requestsSection(requests: readonly ProxiedRequest[]): Html {
  if (requests.length === 0) return html`<p class="quiet">None yet: open <a href="/">the app</a>.</p>`;
  const [last] = requests;
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Request</th><th scope="col">Status</th><th scope="col">Signed in</th><th scope="col">At</th></tr></thead>
<tbody>${requests.map(
    ({ method, path, status, failure, identity, at }) => html`<tr><th scope="row">${method} ${safeText(path)}</th>
<td>${status ?? (failure === undefined ? 'no answer' : `no answer: ${failure}`)}</td><td>${identity}</td><td>${at.toISOString()}</td></tr>`,
  )}</tbody>
</table></div>
<h2>Headers of the last one, as the app got them</h2>
${last && pairsTable('Header', last.headers)}`;
}
