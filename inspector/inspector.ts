import { configurationError } from '../core/errors.ts';
import { readAssertion } from '../core/gate/headers.ts';
import type { VerifierOptions } from '../core/options.ts';
import { readVerifierOptions } from '../core/settings.ts';
import { type Expectation, explain } from './explain.ts';
import { type Html, html } from './html.ts';
import { respondWithPage } from './page.ts';
import { pickAssertion } from './pasted.ts';
import { explanationSection, pairsTable } from './sections.ts';

/** Options of `createVerifier`: the page says what that verifier would. */
export type InspectorOptions = Omit<VerifierOptions, 'onEvent' | 'allowAnonymous' | 'policy' | 'onBehalfOf'>;

/**
 * A handler for a page of your app in development: what headers the request brought, what its assertion says, and what
 * each of the verifier's rules says of it; another one can be pasted.
 *
 * @throws {PomeriumError} `invalid_configuration` where `NODE_ENV` is `production`, since it shows who is signed in to whoever asks
 *
 * @example
 * ```ts
 * const inspector = createInspector({ audience: 'app.corp.example.com' })
 * app.all('/inspector', (c) => inspector(c.req.raw))
 * ```
 */
export function createInspector(options: InspectorOptions): (request: Request) => Promise<Response> {
  if (globalThis.process?.env?.['NODE_ENV'] === 'production') {
    throw configurationError('pomerium-edge/inspector is for development, and NODE_ENV is production.');
  }
  const expectation = expectationFrom(options);
  return async (request) => {
    const pasted = await readPasted(request);
    const now = options.now?.() ?? Date.now() / 1000;
    const assertion = pasted ?? readAssertion(request.headers) ?? '';
    const explanation = await explain(assertion, { ...expectation, now });
    return respondWithPage(
      'Pomerium assertion',
      html`<header><h1>Pomerium assertion</h1></header>
<main>
${pasteForm(pasted ?? '')}
${explanationSection(explanation, now)}
<h2>Request headers</h2>
${pairsTable('Header', [...request.headers])}
</main>`,
    );
  };
}

/** The verifier's own reading of its options. */
export function expectationFrom(options: InspectorOptions): Omit<Expectation, 'now'> {
  const { keys, audiences, issuersFor, algorithms, clockTolerance, maxTokenAge } = readVerifierOptions(options);
  return {
    keys,
    audiences: [...audiences],
    issuersFor,
    algorithms: [...algorithms],
    clockTolerance,
    maxTokenAge,
  };
}

/** To the page that it is on. */
export function pasteForm(value: string): Html {
  return html`<form method="post">
<label for="assertion">Another assertion</label>
<textarea id="assertion" name="assertion" spellcheck="false" autocomplete="off">${value}</textarea>
<button type="submit">Explain it</button>
</form>`;
}

async function readPasted(request: Request): Promise<string | undefined> {
  if (request.method !== 'POST') return undefined;
  const form = new URLSearchParams(await request.text());
  return pickAssertion(form.get('assertion') ?? '') || undefined;
}
