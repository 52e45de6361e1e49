import type { PomeriumError } from '../errors.ts';
import { type RequestLike, readHeader } from './headers.ts';
import { refusalPage, wantsPage } from './page.ts';
import { problemResponse } from './problem.ts';

export interface RefusalSettings {
  /** The answer of `onRefused`, where it gave one. */
  readonly custom: Response | undefined;
  /** The same place behind Pomerium, where it is known. */
  readonly home: string | undefined;
  readonly corsOrigins: readonly string[];
  readonly noStore: readonly (readonly [name: string, value: string])[];
}

/** The answer to a refused request: the user's own, a page for a person, or a problem document. Never cached. */
export async function refusalResponse(
  error: PomeriumError,
  request: RequestLike,
  { custom, home, corsOrigins, noStore }: RefusalSettings,
): Promise<Response> {
  const answer = custom ?? (await defaultAnswer(error, request, home));
  const { status, statusText } = answer;
  const headers = new Headers(answer.headers);
  headers.set('cache-control', 'no-store');
  for (const [name, value] of [...noStore, ...corsHeaders(request, corsOrigins)]) headers.set(name, value);
  if (!custom) headers.append('vary', 'accept');
  return new Response(request.method === 'HEAD' ? null : answer.body, { status, statusText, headers });
}

async function defaultAnswer(error: PomeriumError, request: RequestLike, home: string | undefined): Promise<Response> {
  const problem = problemResponse(error);
  return wantsPage(readHeader(request.headers, 'accept') ?? '') ? refusalPage(problem, home) : problem;
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
