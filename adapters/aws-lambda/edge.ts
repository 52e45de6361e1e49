import { collectPending, createVerifier, problemResponse, type VerifierOptions } from '../../core/adapter.ts';
import { keepVerified } from './kept-headers.ts';

/** CloudFront's event for a viewer or an origin request, as far as it is used. */
export interface EdgeEvent<Request extends EdgeRequest = EdgeRequest> {
  readonly Records: readonly { readonly cf: { readonly request: Request } }[];
}

export interface EdgeRequest {
  readonly method: string;
  readonly uri: string;
  readonly querystring: string;
  headers: EdgeHeaders;
}

export type EdgeHeaders = Record<string, { key?: string | undefined; value: string }[]>;

export interface EdgeAnswer {
  readonly status: string;
  readonly statusDescription: string;
  readonly headers: EdgeHeaders;
  readonly body: string;
}

/** Lambda@Edge has no environment variables: what is needed is compiled in. */
export type EdgeOptions = Omit<VerifierOptions, 'allowAnonymous'>;

/**
 * For Lambda@Edge, on a viewer request or an origin request: a request that came through Pomerium goes on without unsigned
 * identity headers, any other is answered with a problem document. On an origin request the assertion must be among the
 * headers that the cache policy or the origin request policy forwards. Throws `invalid_configuration` at once.
 *
 * @example
 * export const handler = createEdgeHandler({ audience: 'app.corp.example.com' })
 */
export function createEdgeHandler(
  options: EdgeOptions,
): <Request extends EdgeRequest>(event: EdgeEvent<Request>) => Promise<Request | EdgeAnswer> {
  const verifier = createVerifier({ ...options, allowAnonymous: false });
  return async ({ Records: [record] }) => {
    if (!record) throw new TypeError('pomerium-edge: the event holds no request.');
    const { request } = record.cf;
    const headers = Object.entries(request.headers).flatMap(([name, lines]) =>
      lines.map(({ value }) => [name, value] as const),
    );
    const { waitUntil, settle } = collectPending();
    try {
      const asked = { method: request.method, url: request.uri, headers };
      const identity = await verifier.verifyRequest(asked, { waitUntil });
      return { ...request, headers: keepVerified(request.headers, identity) };
    } catch (error) {
      return toAnswer(problemResponse(error, request));
    } finally {
      await settle();
    }
  };
}

async function toAnswer(response: Response): Promise<EdgeAnswer> {
  const headers = [...response.headers].map(([key, value]) => [key, [{ key, value }]]);
  return {
    status: String(response.status),
    statusDescription: 'Refused',
    headers: Object.fromEntries(headers),
    body: await response.text(),
  };
}
