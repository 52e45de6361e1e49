import { staticKeys } from '../../core/keys/material/static.ts';
import { explain } from '../../inspector/explain.ts';
import { type Html, html } from '../../inspector/html.ts';
import { expectationFrom, pasteForm } from '../../inspector/inspector.ts';
import { respondWithPage } from '../../inspector/page.ts';
import { explanationSection, pairsTable } from '../../inspector/sections.ts';
import { safeText } from '../../inspector/text.ts';
import { attacksOn } from '../doctor/attacks.ts';
import type { AttackOutcome } from './attack.ts';
import { attackForm, attackSection } from './attack-section.ts';
import { signFor } from './identities.ts';
import { requestsSection } from './requests-section.ts';
import { askServices, type ServiceAnswer } from './services.ts';
import type { DevState } from './state.ts';

export interface PageContent extends Partial<AttackOutcome> {
  /** An assertion that was pasted; default: what whoever is signed in would bring now. */
  readonly pasted?: string | undefined;
  readonly attackedPath?: string | undefined;
}

/** `identity`: who is signed in in the browser that asks; undefined: nobody. */
export async function respondWithDevPage(
  state: DevState,
  identity: string | undefined,
  content: PageContent = {},
): Promise<Response> {
  const { pasted, attackedPath = '/' } = content;
  const { issuer, to, requests } = state;
  const assertion = pasted ?? (identity === undefined ? undefined : await signFor(identity, state));
  const explanation = assertion !== undefined && (await assertionSection(state, assertion, pasted));
  const attacks = await attacksOn(new URL(attackedPath, to), issuer, { isTrusted: true });
  const [lastRequest] = requests.requests;
  return respondWithPage(
    'Pomerium, for development',
    html`<header><h1>Pomerium, for development</h1>
<p><a href="/">${identity === undefined ? 'Open the app' : `Open the app as ${identity}`}</a></p>
<p class="quiet"><code>${issuer.host}</code> leads to <code>${to}</code></p></header>
<main>
<h2>${identity === undefined ? 'Nobody is signed in in this browser' : 'Signed in in this browser'}</h2>
${identityForm(state, identity)}
<nav class="quiet"><a href="#attacks">Attacks</a> <a href="#requests">Last requests</a>${
      explanation && html` <a href="#explanation">Assertion</a>`
    }</nav>
${pasted !== undefined && explanation}
<h2 id="attacks">Attacks</h2>
${attackForm(attacks, attackedPath)}
${attackSection(content)}
<h2 id="requests">Last requests</h2>
${requestsSection(requests, new Date())}
${
  lastRequest &&
  html`<details><summary>Headers of the last one, as the app got them</summary>
${pairsTable('Header', lastRequest.headers)}</details>`
}
${pasted === undefined && explanation}
${pasteForm(pasted ?? '')}
<h2>Signing key</h2>
<form method="post" action="/.pomerium/rotate"><button type="submit">Rotate the signing key</button>
<span class="quiet">${issuer.keys.length} published; the first signs: <code>${issuer.keys[0]?.kid.slice(0, 16)}…</code></span></form>
</main>`,
  );
}

function identityForm({ identities }: DevState, identity: string | undefined): Html {
  return html`<form method="post" action="/.pomerium/identity"><label for="identity">As</label>
<select id="identity" name="identity">${Object.keys(identities).map(
    (name) => html`<option${name === identity && html` selected`}>${name}</option>`,
  )}</select>
<button type="submit">Sign in</button>
${identity !== undefined && html`<button type="submit" formaction="/.pomerium/sign_out">Sign out</button>`}</form>`;
}

/** What goes to the app, or was pasted, with the verdict of each rule; and of the services, if there are any. */
async function assertionSection(
  { issuer, services }: DevState,
  assertion: string,
  pasted: string | undefined,
): Promise<Html> {
  const now = Date.now() / 1000;
  const answers = await askServices(services, assertion);
  const keys = staticKeys(issuer.jwks());
  const expectation = expectationFrom({ audience: issuer.host, keys, algorithms: ['ES256', 'RS256', 'EdDSA'] });
  return html`${answers.length > 0 && servicesSection(answers)}
<h2 id="explanation">${pasted === undefined ? 'The assertion that goes to the app' : 'The assertion that was pasted'}</h2>
${explanationSection(await explain(assertion, { ...expectation, now }), now)}`;
}

function servicesSection(answers: readonly ServiceAnswer[]): Html {
  return html`<h2>What each service says of it</h2>
<div class="scroll"><table class="verdicts">
<thead><tr><th scope="col">Service</th><th scope="col">With this assertion</th><th scope="col">Without</th></tr></thead>
<tbody>${answers.map(
    ({ name, url, answer, without }) => html`<tr><th scope="row"><a href="${url}">${name}</a></th>
<td data-label="With this assertion" class="${answer.isIn ? 'pass' : 'fail'}">${answer.isIn ? '✓' : '✗'} ${safeText(answer.text)}</td>
<td data-label="Without" class="${without.isIn ? 'fail' : 'pass'}">${without.isIn ? '✗' : '✓'} ${safeText(without.text)}</td></tr>`,
  )}</tbody>
</table></div>`;
}
