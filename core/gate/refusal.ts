import type { PomeriumError } from '../errors.ts';
import { wantsPage } from './accept.ts';
import { type RequestLike, readHeader } from './headers.ts';
import type { NamedRequest } from './log.ts';
import { type RefusalPageSettings, refusalPage } from './page.ts';
import { problemResponse } from './problem.ts';
import { sentenceFor } from './refusal-texts.ts';

/** A request to answer. */
export interface RefusedRequest extends RequestLike, NamedRequest {
  /** The path below which the app is served, if not at the root: `/docs`. */
  readonly basePath?: string | undefined;
}

export interface RefusalSettings {
  /** The answer of `onRefused`, where it gave one. */
  readonly custom: Response | undefined;
  readonly page: Omit<RefusalPageSettings, 'basePath' | 'language'>;
  readonly corsOrigins: readonly string[];
  readonly noStore: readonly (readonly [name: string, value: string])[];
}

/**
 * The answer to a refused request: the user's own, a page for a person, a sentence for a server action, or a problem document.
 * Never cached.
 */
export async function refusalResponse(
  error: PomeriumError,
  request: RefusedRequest,
  { custom, page, corsOrigins, noStore }: RefusalSettings,
): Promise<Response> {
  const answer = custom ?? (await defaultAnswer(error, request, page));
  const { status, statusText } = answer;
  const headers = new Headers(answer.headers);
  headers.set('cache-control', 'no-store');
  for (const [name, value] of [...noStore, ...corsHeaders(request, corsOrigins)]) headers.set(name, value);
  if (!custom) headers.append('vary', 'accept');
  return new Response(request.method === 'HEAD' ? null : answer.body, { status, statusText, headers });
}

async function defaultAnswer(
  error: PomeriumError,
  request: RefusedRequest,
  page: RefusalSettings['page'],
): Promise<Response> {
  const problem = problemResponse(error);
  const read = (name: string) => readHeader(request.headers, name);
  if (read('next-action') !== undefined) return actionAnswer(problem);
  if (!wantsPage(read('accept') ?? '')) return problem;
  return refusalPage(problem, { ...page, basePath: request.basePath, language: read('accept-language') ?? '' });
}

/**
 * For Next.js's client, which makes the text of a refused server action the error's message, if it is `text/plain` and no
 * more (`server-action-reducer.js`).
 */
function actionAnswer({ status, headers: sent }: Response): Response {
  const headers = new Headers(sent);
  headers.set('content-type', 'text/plain');
  return new Response(sentenceFor(status), { status, headers });
}

/** What lets a script of another origin see the refusal (Fetch standard, CORS protocol). */
function corsHeaders({ headers }: RequestLike, origins: readonly string[]): [name: string, value: string][] {
  const origin = readHeader(headers, 'origin');
  if (origin === undefined || origins.length === 0) return [];
  const exposed: [string, string] = ['access-control-expose-headers', 'retry-after, www-authenticate'];
  if (origins.includes('*')) return [['access-control-allow-origin', '*'], exposed];
  if (!origins.includes(origin)) return [['vary', 'origin']];
  return [
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', 'true'],
    ['vary', 'origin'],
    exposed,
  ];
}
