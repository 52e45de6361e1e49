import {
  configurationError,
  type Gate,
  gateOrBroken,
  type Routes,
  readBoolean,
  requireOptions,
} from '../../core/adapter.ts';
import {
  type EdgeAnswer,
  type EdgeRequest,
  edgeHeaderPairs,
  forwardEdgeRequest,
  toEdgeAnswer,
} from './edge-request.ts';
import { createLambdaGate } from './gate.ts';
import { lambdaLog } from './log.ts';
import { textOf } from './member.ts';
import type { LambdaOptions } from './options.ts';

/** CloudFront's event for a viewer or an origin request, as far as it is used. */
export interface EdgeEvent<Request extends EdgeRequest = EdgeRequest> {
  readonly Records: readonly {
    readonly cf: {
      readonly config: { readonly eventType: string; readonly requestId?: string };
      readonly request: Request;
    };
  }[];
}

/** Lambda@Edge has no environment variables: what is needed is compiled in, `audience` or `routes` first of all. */
export type EdgeOptions = EdgeGateOptions & ({ audience: string | readonly string[] } | { routes: Routes | object });

interface EdgeGateOptions extends Omit<LambdaOptions<EdgeEvent>, 'shared'> {
  /**
   * Whether the behaviour caches nothing (`Managed-CachingDisabled`), so that the function may stand on an origin request, too:
   * what CloudFront has in its cache is served without it.
   * @defaultValue `false`
   */
  cachingDisabled?: boolean;
}

/** What `createEdgeHandler` makes: gives the request that may go on, or the answer to the one that may not. */
export interface EdgeHandler {
  <Request extends EdgeRequest>(event: EdgeEvent<Request>): Promise<Request | EdgeAnswer>;
  /** Resolves once the keys are there, or after 2 s; never rejects. */
  readonly ready: Promise<void>;
}

const WITHOUT = {
  shared: 'the function sees no answer; the cache policy of the behaviour says what CloudFront keeps',
};

/** Seconds. CloudFront gives a viewer-request function five. */
const FETCH_TIMEOUT = 2;

/**
 * For Lambda@Edge, on a viewer request: a request that came through Pomerium goes on without unverified Pomerium headers, any
 * other is answered. The behaviour must cache nothing, or the origin must mark what it answers as `private`: the function
 * sees no answers. On an origin request it refuses everything, unless `cachingDisabled` is set.
 *
 * @throws {PomeriumError} `invalid_configuration` at once; and a `TypeError` for an event that is not a request
 *
 * @example
 * ```ts
 * export const handler = createEdgeHandler({ audience: 'app.corp.example.com' })
 * await handler.ready
 * ```
 */
export function createEdgeHandler(options: EdgeOptions): EdgeHandler {
  requireOptions(options);
  const { cachingDisabled, ...gateOptions } = options;
  if (options.audience === undefined && options.routes === undefined) {
    throw configurationError(
      "audience is missing; write createEdgeHandler({ audience: 'app.corp.example.com' }), the host name of the route in Pomerium, or routes: compileRoutes(configuration).",
    );
  }
  const gate = createLambdaGate<EdgeEvent>({}, gateOptions, {
    ownOptions: ['cachingDisabled'],
    without: WITHOUT,
    keys: { timeout: FETCH_TIMEOUT },
  });
  const misplaced = misplacedGate(options);
  const eventTypes = readBoolean('cachingDisabled', cachingDisabled)
    ? ['viewer-request', 'origin-request']
    : ['viewer-request'];
  const handler = async <Request extends EdgeRequest>(event: EdgeEvent<Request>): Promise<Request | EdgeAnswer> => {
    const { config, request } = readRecord(event);
    const { method, uri, querystring } = request;
    const url = querystring ? `${uri}?${querystring}` : uri;
    const headers = edgeHeaderPairs(request.headers);
    const gateRequest = { method, url, headers, requestId: textOf(config.requestId) };
    const { authorize, refuse } = eventTypes.includes(config.eventType) ? gate : misplaced;
    const result = await authorize(gateRequest);
    if (result.type === 'refuse') return toEdgeAnswer(await refuse(result.error, gateRequest, event));
    return forwardEdgeRequest(request, result.headers);
  };
  return Object.assign(handler, { ready: gate.ready });
}

function readRecord<Request extends EdgeRequest>(event: EdgeEvent<Request>) {
  const { config, request } = event?.Records?.[0]?.cf ?? {};
  const isRequest = typeof config?.eventType === 'string' && !config.eventType.endsWith('-response');
  const isWhole = [request?.method, request?.uri, request?.querystring ?? ''].every((one) => typeof one === 'string');
  if (isRequest && isWhole && config && request) return { config, request };
  throw new TypeError('pomerium-edge: this event holds no request; attach the function to the viewer request.');
}

/** Refuses every request, with the reason in the log. */
function misplacedGate({ logger }: Pick<EdgeOptions, 'logger'>): Gate<EdgeEvent> {
  return gateOrBroken<EdgeEvent>(
    () => {
      throw configurationError(
        'The function stands on an origin request, and what CloudFront has in its cache is served without it; attach it to the viewer request, or write cachingDisabled: true where the behaviour caches nothing.',
      );
    },
    { log: lambdaLog(logger) },
  );
}
