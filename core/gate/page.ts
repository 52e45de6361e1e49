import { escapeHtml } from '../html.ts';
import { pomeriumUrlsAt } from '../pomerium-urls.ts';
import { chooseLanguage } from './accept.ts';
import type { RefusalPageOptions } from './refusal-page-options.ts';
import { ENGLISH, type RefusalStatus, type RefusalTexts, toRefusalStatus } from './refusal-texts.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 0 auto; padding: 12vh 1.5rem 2rem; color: #1c1c28; background: #fff; overflow-wrap: anywhere; }
header { margin-bottom: 1.5rem; font-weight: 600; color: #55556a; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
nav { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem 1.5rem; margin-top: 1.75rem; }
a { color: #4a3ab8; padding: .5rem 0; }
nav a:first-child { padding: .5rem 1rem; border-radius: .5rem; text-decoration: none; color: #fff; background: #4a3ab8; }
footer { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid #8884; font-size: .875rem; color: #55556a; }
time { white-space: nowrap; }
@media (prefers-color-scheme: dark) {
  body { color: #eeeef4; background: #16161d; }
  header, footer { color: #b4b4c4; }
  a { color: #b3a8ff; }
  nav a:first-child { color: #16161d; background: #b3a8ff; }
}
`;

/** Languages that are written so, by ISO 639. */
const RIGHT_TO_LEFT = /^(ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)\b/i;

/** Of `STYLE`: nothing else is let in. A test computes it. */
const POLICY =
  "default-src 'none'; style-src 'sha256-55YoC2e4+yBBpOtD0UlXxF0aaAztZjIfnqHLIdkupG8='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface RefusalPageSettings {
  readonly options: RefusalPageOptions;
  /** The same place behind Pomerium, where it is known. */
  readonly home: string | undefined;
  /** Where the app's home page is. Empty or undefined: at the root. */
  readonly basePath: string | undefined;
  /** `Accept-Language` of the request. */
  readonly language: string;
  /** The request's id in the log, where it has one. */
  readonly requestId: string | undefined;
}

/** A problem response as a page that needs nothing else: no script, no asset. Status and headers stay. */
export async function refusalPage(problem: Response, settings: RefusalPageSettings): Promise<Response> {
  const { status, code, detail } = await problem.json();
  const { options, home, requestId } = settings;
  const { language, texts } = textsFor(settings);
  const kind = toRefusalStatus(status);
  const [heading, advice] = texts[kind];
  const siteName = options.siteName ?? (home && new URL(home).host);
  // The log's clock, and not one that was given for assertions.
  const when = new Date().toISOString().slice(0, 19);
  const page = `<!doctype html>
<html lang="${language}" dir="${RIGHT_TO_LEFT.test(language) ? 'rtl' : 'ltr'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(siteName ? `${heading} – ${siteName}` : heading)}</title>
<style>${STYLE}</style>
</head>
<body>
${siteName ? `<header>${escapeHtml(siteName)}</header>` : ''}
<main>
<h1>${escapeHtml(heading)}</h1>
${texts[kind] === ENGLISH[kind] ? `<p>${detail}</p>` : ''}
<p>${escapeHtml(advice)}</p>
<nav>${linksFor(kind, texts, settings)
    .map(([href, text]) => `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>`)
    .join('\n')}</nav>
</main>
<footer>${escapeHtml(texts.operator)}<br><bdi>${status} <code>${code}</code>, <time datetime="${when}Z">${when.replace('T', ' ')} UTC</time>${
    requestId ? `, <code>${escapeHtml(requestId)}</code>` : ''
  }</bdi></footer>
</body>
</html>
`;
  const headers = {
    ...Object.fromEntries(problem.headers),
    'content-type': 'text/html; charset=utf-8',
    'content-language': language,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  return new Response(page, { status, headers });
}

function textsFor({ options, language }: RefusalPageSettings): { language: string; texts: Required<RefusalTexts> } {
  const { texts = {} } = options;
  const languages = Object.keys(texts);
  const chosen = chooseLanguage(language, [...languages, 'en']) ?? languages[0] ?? 'en';
  return { language: chosen, texts: { ...ENGLISH, ...texts[chosen] } };
}

type Link = readonly [href: string, text: string];

/** What helps, the most likely first. */
function linksFor(
  status: RefusalStatus,
  { open, retry, home: toHome, account, signOut, help }: Required<RefusalTexts>,
  { home, basePath, options: { helpUrl } }: RefusalPageSettings,
): Link[] {
  const url = home ? new URL(home) : undefined;
  const helping: Link[] = helpUrl ? [[helpUrl, help]] : [];
  if (status === 401 && url) return [[url.href, open.replaceAll('{host}', () => url.host)], ...helping];
  if (status !== 403) return [['', retry], ...helping];
  // Trying again changes nothing.
  const origin = url?.origin ?? '';
  const homePath = basePath || '/';
  const pomerium = pomeriumUrlsAt(origin);
  return [
    ...(url?.pathname === homePath ? [] : [[origin + homePath, toHome] as const]),
    [pomerium.account, account],
    [pomerium.signOut, signOut],
    ...helping,
  ];
}
