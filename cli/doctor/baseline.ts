import type { Answer } from './send.ts';

/** What somebody who may sees of a page, to recognise it in other answers. */
export interface Baseline {
  /** Whether an answer has the page in it, whatever its status is. */
  hasPage(answer: Answer): boolean;
  /** Whether the page itself has what a refusal in the midst of a page has. */
  readonly looksRefused: boolean;
}

/** Shorter texts stand in every page. */
const MIN_LENGTH = 6;
/** So much of a page's own text is no accident. */
const MIN_SHARE = 0.5;

/** `shell`: what the same person sees at a path that is nowhere, which is no part of the page. */
export function baselineOf(page: Answer, shell: Answer | undefined): Baseline {
  const common = textsOf(shell?.body ?? '');
  const own = [...textsOf(page.body)].filter((text) => !common.has(text));
  return {
    looksRefused: isRefusedMidway(page),
    hasPage({ body }) {
      if (own.length === 0) return body.length >= MIN_LENGTH && body === page.body;
      const texts = textsOf(body);
      return own.filter((text) => texts.has(text)).length >= own.length * MIN_SHARE;
    },
  };
}

/** What people read in HTML, JSON, or the data of a framework. No paths, addresses or ids: those name a page without being it. */
function textsOf(body: string): Set<string> {
  const texts = body.split(/[<>"'`\\[\]{}\r\n]+/).map((text) => text.trim());
  return new Set(
    texts.filter((text) => text.length >= MIN_LENGTH && /\p{L}{3}/u.test(text) && !/^[^\s]*[/=;:$]/.test(text)),
  );
}

/** Marks of a page that was begun with status 200 and refused while it streamed: Next.js's `unauthorized()`, `redirect()` and the like. */
const REFUSED_MIDWAY =
  /<meta[^>]*\bname="?robots"?[^>]*\bnoindex|<meta[^>]*\bhttp-equiv="?refresh|NEXT_HTTP_ERROR_FALLBACK;4\d\d|NEXT_REDIRECT;/i;

export function isRefusedMidway({ body }: Answer): boolean {
  return REFUSED_MIDWAY.test(body);
}
