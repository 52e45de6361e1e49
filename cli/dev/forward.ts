import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import { urlToHttpOptions } from 'node:url';
import { describeFetchFailure } from '../../core/fetch-failure.ts';
import { ASSERTION_FOR_HEADER, ASSERTION_HEADER } from '../../core/gate/headers.ts';
import { signFor } from './identities.ts';
import { isAssetRequest, type ProxiedRequest } from './request-log.ts';
import { withoutSessionCookie } from './session.ts';
import type { DevState } from './state.ts';

/** A request as it goes to the app, and its place in the log. */
export interface Forwarded {
  readonly options: RequestOptions;
  /** Both are for the log; the first call counts. */
  answered(status: number | undefined): void;
  failed(error: unknown): string;
}

/** A request with the assertion of whoever is signed in, as Pomerium hands it on without `preserve_host_header`. */
export async function forward(state: DevState, incoming: IncomingMessage, identity: string): Promise<Forwarded> {
  const { method = 'GET', url = '/' } = incoming;
  const to = new URL(state.to);
  const headers = { ...headersFor(incoming), [ASSERTION_HEADER]: await signFor(identity, state), host: to.host };
  const record: ProxiedRequest = {
    at: new Date(),
    method,
    path: url,
    identity,
    status: undefined,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
  };
  const entry = state.requests.add(record, isAssetRequest(url, incoming.headers));
  return {
    options: { ...urlToHttpOptions(to), method, path: url, headers, agent: false },
    answered(status) {
      record.status = status;
      entry.settle();
    },
    failed(error) {
      record.failure ??= describeFetchFailure(error);
      entry.settle();
      return record.failure;
    },
  };
}

/** Answered by this server before the app sees the request. */
const OWN_HEADERS = new Set(['cookie', 'expect']);

function headersFor({ headers, socket }: IncomingMessage): IncomingHttpHeaders {
  const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name)));
  const cookie = withoutSessionCookie(headers.cookie);
  // `carryOverJWTAssertion`: where there is no `-for`, the incoming assertion becomes it.
  const original = headers[ASSERTION_FOR_HEADER] ?? headers[ASSERTION_HEADER];
  const addresses = [headers['x-forwarded-for'], socket.remoteAddress].filter((address) => address !== undefined);
  return {
    ...passed,
    ...(cookie !== undefined && { cookie }),
    ...(original !== undefined && { [ASSERTION_FOR_HEADER]: original }),
    // Envoy's: the host that the browser has, its address after those before it, and the scheme that it used.
    ...(headers.host !== undefined && { 'x-forwarded-host': headers.host }),
    'x-forwarded-for': addresses.join(', '),
    'x-forwarded-proto': 'http',
  };
}

const HOP_BY_HOP = /^(connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/i;

/** The header lines of an answer, without those that are between the app and the stand-in alone (RFC 9110, section 7.6.1). */
export function endToEndLines(raw: readonly string[]): string[] {
  return raw.filter((_, i) => !HOP_BY_HOP.test(raw[i - (i % 2)] ?? ''));
}
