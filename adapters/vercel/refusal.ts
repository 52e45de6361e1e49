import { problemResponse } from '../../core/adapter.ts';
import { refusalPage } from './refusal-page.ts';

/** The problem response, or the same as a page for whoever asked for one. */
export async function refusalFor(error: unknown, request: Request): Promise<Response> {
  const isPage = wantsPage(request.headers.get('accept') ?? '');
  const response = isPage ? await refusalPage(problemResponse(error), request) : problemResponse(error, request);
  response.headers.set('vary', 'accept');
  return response;
}

/** A browser names `text/html`; a program that does not care names any type. */
function wantsPage(accept: string): boolean {
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
  return Math.max(...weights);
}
