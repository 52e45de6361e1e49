/** What a person is told, by status: what happened, and what to do. Nothing that was expected, nothing that came. */
const TEXTS: Readonly<Record<number, readonly [heading: string, advice: string]>> = {
  401: [
    'Please sign in',
    'Open this site at its usual address, where Pomerium signs you in. If you came from there, try again.',
  ],
  403: ['No access', 'You are signed in, but this page is not for you. If it should be, ask whoever runs this site.'],
  503: ['Please wait', 'Who you are cannot be checked at the moment. Try again in a moment.'],
};
const BROKEN = ['Not set up', 'This site cannot check who you are. Tell whoever runs it.'] as const;

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 0 auto; padding: 15vh 1.5rem 2rem; color: #1c1c28; background: #fff; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
a { color: #4a3ab8; }
footer { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid #8884; font-size: .875rem; color: #55556a; }
@media (prefers-color-scheme: dark) {
  body { color: #eeeef4; background: #16161d; }
  a { color: #b3a8ff; }
  footer { color: #b4b4c4; }
}
`;

/** Of `STYLE`: nothing else is let in. A test computes it. */
const POLICY =
  "default-src 'none'; style-src 'sha256-gfoqrAQikt6i5F/yL4n/CKDgz/Pb4FKJsC+QMfttI/M='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * A problem response as a page that needs nothing else: no script, no asset. Status and headers stay. `home`: the same place
 * behind Pomerium, where it is known.
 */
export async function refusalPage(problem: Response, home: string | undefined): Promise<Response> {
  const { status, code, detail } = await problem.json();
  const [heading, advice] = TEXTS[status] ?? BROKEN;
  const [link, text] = home === undefined ? ['', 'Try again'] : [home, `Open ${new URL(home).host}`];
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${heading}</h1>
<p>${detail}</p>
<p>${advice}</p>
<p><a href="${escapeHtml(link)}">${escapeHtml(text)}</a></p>
</main>
<footer>For whoever runs this site: ${status} <code>${code}</code></footer>
</body>
</html>
`;
  const headers = new Headers(problem.headers);
  headers.set('content-type', 'text/html; charset=utf-8');
  headers.set('content-security-policy', POLICY);
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'no-referrer');
  return new Response(page, { status, headers });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A browser names `text/html`; a program that does not care names any type. */
export function wantsPage(accept: string): boolean {
  const page = qualityOf(accept, ['text/html']);
  return page > 0 && page >= qualityOf(accept, ['application/json', 'application/problem+json']);
}

/** The highest weight of these media types, 0 where none is named (RFC 9110 section 12.5.1). */
function qualityOf(accept: string, types: readonly string[]): number {
  const weights = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return types.includes(type) ? Number(weight?.slice(2) ?? 1) : 0;
  });
  // No Math.max(...weights): a header holds more commas than a call takes arguments.
  return weights.reduce((highest, weight) => Math.max(highest, weight), 0);
}
