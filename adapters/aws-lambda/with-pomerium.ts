import { collectPending, type Identity, PomeriumError, problemResponse, type RequestLike } from '../../core/adapter.ts';
import { headerPairs, textOf, toMember } from './events.ts';
import { keepVerified } from './kept-headers.ts';
import { type LambdaOptions, makeVerifier, prefetch } from './options.ts';
import { report } from './report.ts';

/** A function behind a Function URL, an HTTP API, a REST API or an ALB, told for whom the request came. */
export type IdentifiedHandler<Event, Context, Answer> = (
  event: Event,
  context: Context,
  identity: Identity,
) => Answer | Promise<Answer>;

/** The answer to a refused request, in the form that all of these callers take. */
export interface ProxyAnswer {
  readonly statusCode: number;
  readonly statusDescription: string;
  readonly headers?: Record<string, string>;
  readonly multiValueHeaders?: Record<string, string[]>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/**
 * Wraps a function that is called over HTTP: the handler only runs for requests that came through Pomerium, with the identity
 * as third argument and an event without unsigned identity headers. Throws `invalid_configuration` at once.
 *
 * @example
 * export const handler = withPomerium(async (event, context, identity) => ({ statusCode: 200, body: identity.email ?? '' }))
 */
export function withPomerium<Event = unknown, Context = unknown, Answer = unknown>(
  handler: IdentifiedHandler<Event, Context, Answer>,
  options: LambdaOptions = {},
): ((event: Event, context: Context) => Promise<Answer | ProxyAnswer>) & { readonly ready: Promise<void> } {
  const { verify, ready } = makeProxyVerifier(options);
  const wrapped = async (event: Event, context: Context) => {
    const result = await verify(event);
    return 'refusal' in result
      ? result.refusal
      : handler(withoutClaims(event, result.identity), context, result.identity);
  };
  return Object.assign(wrapped, { ready });
}

/**
 * The same as a Middy middleware: `event.identity` is for whom the request came; what did not come through Pomerium is
 * answered before the handler runs.
 *
 * @example
 * middy(async (event) => ({ statusCode: 200, body: event.identity.email })).use(pomeriumMiddleware())
 */
export function pomeriumMiddleware(options: LambdaOptions = {}) {
  const { verify } = makeProxyVerifier(options);
  return {
    async before(request: { event: unknown }): Promise<ProxyAnswer | undefined> {
      const result = await verify(request.event);
      if ('refusal' in result) return result.refusal;
      request.event = { ...toMember(withoutClaims(request.event, result.identity)), identity: result.identity };
      return undefined;
    },
  };
}

type ProxyResult = { readonly identity: Identity } | { readonly refusal: ProxyAnswer };

function makeProxyVerifier(options: LambdaOptions) {
  const verifier = makeVerifier(options, process.env);
  const verify = async (event: unknown): Promise<ProxyResult> => {
    const startedAt = performance.now();
    const { waitUntil, settle } = collectPending();
    const requestId = textOf(toMember(toMember(event)['requestContext'])['requestId']);
    const request = requestOf(event);
    const told = { requestId, startedAt, request };
    try {
      const identity = await verifier.verifyRequest(request, { waitUntil });
      report({ ...told, outcome: identity }, options);
      return { identity };
    } catch (error) {
      if (error instanceof PomeriumError) report({ ...told, outcome: error }, options);
      return { refusal: await toAnswer(problemResponse(error, request), event) };
    } finally {
      await settle();
    }
  };
  return { verify, ready: prefetch(verifier) };
}

/** Payload 2.0 has `rawPath` and `requestContext.http`; 1.0, REST and ALB have `path` and `httpMethod`. */
function requestOf(event: unknown): RequestLike {
  const { rawPath, path, httpMethod, requestContext } = toMember(event);
  const { method = httpMethod } = toMember(toMember(requestContext)['http']);
  return { headers: headerPairs(event), method: textOf(method), url: textOf(rawPath ?? path) };
}

/** A copy of the event without unverified Pomerium headers. */
function withoutClaims<Event>(event: Event, identity: Identity): Event {
  const { headers, multiValueHeaders } = toMember(event);
  const clean = (lines: unknown) => lines && keepVerified(toMember(lines), identity);
  return {
    ...event,
    ...(headers !== undefined && { headers: clean(headers) }),
    ...(multiValueHeaders !== undefined && { multiValueHeaders: clean(multiValueHeaders) }),
  };
}

/** An ALB with multi-value headers on wants them in the answer, too. */
async function toAnswer(response: Response, event: unknown): Promise<ProxyAnswer> {
  const headers = Object.fromEntries(response.headers);
  const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const { headers: single, multiValueHeaders } = toMember(event);
  return {
    statusCode: response.status,
    statusDescription: `${response.status} Refused`,
    ...(multiValueHeaders && !single ? { multiValueHeaders: lists } : { headers }),
    body: await response.text(),
    isBase64Encoded: false,
  };
}
