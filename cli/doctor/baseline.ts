import type { Answer } from './send.ts';

/** What somebody who may sees of a page, to recognise it in other answers. */
export interface Baseline {
  /** How much of the page's own text an answer has in it, whatever its status is: 0 to 1. */
  shareIn(answer: Answer): number;
  /** Whether the page itself has what a refusal in the midst of a page has. */
  readonly looksRefused: boolean;
}

/** Shorter texts stand in every page. */
const MIN_LENGTH = 6;

/** `shell`: what the same person sees at a path that is nowhere, which is no part of the page. */
export function baselineOf(page: Answer, shell: Answer | undefined): Baseline {
  const common = textsOf(shell?.body ?? '');
  const own = [...textsOf(page.body)].filter((text) => !common.has(text));
  return {
    looksRefused: isRefusedMidway(page),
    shareIn({ body }) {
      if (own.length === 0) return body.length >= MIN_LENGTH && body === page.body ? 1 : 0;
      const texts = textsOf(body);
      return own.filter((text) => texts.has(text)).length / own.length;
    },
  };
}

/** What people read: texts between tags, and sentences among strings, as JSON and the data of frameworks have them. */
function textsOf(body: string): Set<string> {
  const html = body.replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, '<>');
  const between = html.includes('<') ? html.split(/<[^>]*>/) : html.split(/["'`\\[\]{}\r\n]+/);
  const strings = body.split(/[<>"'`\\[\]{}\r\n]+/).filter((text) => /\S\s+\S/.test(text));
  const texts = [...between, ...strings].map((text) => text.trim());
  return new Set(
    texts.filter((text) => text.length >= MIN_LENGTH && /\p{L}{3}/u.test(text) && !/[=;{}()]|^\S*[/:$]/.test(text)),
  );
}

/** Marks of a page that was begun with status 200 and refused while it streamed: Next.js's `unauthorized()`, `redirect()` and the like. */
const REFUSED_MIDWAY =
  /<meta[^>]*\bname="?robots"?[^>]*\bnoindex|<meta[^>]*\bhttp-equiv="?refresh|NEXT_HTTP_ERROR_FALLBACK;4\d\d|NEXT_REDIRECT;/i;

export function isRefusedMidway({ body }: Answer): boolean {
  return REFUSED_MIDWAY.test(body);
}
