import type { ForwardedHeaders } from '../../core/adapter.ts';
import { statusText } from './status-text.ts';

/** A request as CloudFront hands it to Lambda@Edge. */
export interface EdgeRequest {
  readonly method: string;
  readonly uri: string;
  readonly querystring: string;
  headers: EdgeHeaders;
}

/** By the name in lower case; `key` is the name as it was sent. */
export type EdgeHeaders = Record<string, { key?: string | undefined; value: string }[]>;

/** An answer that CloudFront gives instead of asking the origin. */
export interface EdgeAnswer {
  readonly status: string;
  readonly statusDescription: string;
  readonly headers: EdgeHeaders;
  readonly body: string;
}

/** Every header line as a pair; none where an event of one's own has no headers. */
export function edgeHeaderPairs(headers: EdgeHeaders | undefined): (readonly [name: string, value: string])[] {
  return Object.keys(headers ?? {}).flatMap((name) =>
    linesOf(headers, name).map(({ value }) => [name, value] as const),
  );
}

/** The lines of one header that can be read; no others go on, either. */
function linesOf(headers: EdgeHeaders | undefined, name: string): EdgeHeaders[string] {
  const lines: unknown = headers?.[name];
  return Array.isArray(lines) ? lines.filter((line) => typeof line?.value === 'string') : [];
}

/** A copy of the request with the headers that go on. */
export function forwardEdgeRequest<Request extends EdgeRequest>(
  request: Request,
  { keeps, added }: ForwardedHeaders,
): Request {
  const kept = Object.keys(request.headers ?? {}).flatMap((name): [string, EdgeHeaders[string]][] => {
    const left = linesOf(request.headers, name).filter(({ value }) => keeps(name, value));
    return left.length > 0 ? [[name, left]] : [];
  });
  const headers = [...kept, ...added.map(([name, value]) => [name, [{ key: name, value }]] as const)];
  return { ...request, headers: Object.fromEntries(headers) };
}

export async function toEdgeAnswer(response: Response): Promise<EdgeAnswer> {
  const headers: EdgeHeaders = {};
  for (const [key, value] of response.headers) headers[key] = [...(headers[key] ?? []), { key, value }];
  return {
    status: String(response.status),
    statusDescription: response.statusText || statusText(response.status),
    headers,
    body: await response.text(),
  };
}
