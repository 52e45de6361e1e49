import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { HOST, jwks, makeKey, sign, type TestKey } from '../../test/support/issuer.ts';
import type { RecordedAnswer } from './recorded.ts';
import { handOn, type LocalServer, serve } from './server.ts';

/**
 * A stand-in for Pomerium: it signs like it, serves its key set as it does (`Cache-Control`, a strong `ETag`, 304),
 * serves recorded key sets of the real one, and as a proxy adds the assertion of whoever is always signed in there:
 * Alice, unless other claims are given. What a client sends as an assertion it hands on as `-for`, unverified.
 */
export interface StandIn extends LocalServer {
  readonly key: TestKey;
  jwksUrl(recorded?: string): string;
  /** Where the proxy sends requests to. */
  proxyTo(guard: string): void;
}

export async function startStandIn(
  recorded: Readonly<Record<string, RecordedAnswer>>,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<StandIn> {
  const key = await makeKey();
  const own = answerWith(JSON.stringify(jwks(key)));
  let target = '';
  const server = await serve(async (incoming, response) => {
    const path = incoming.url ?? '/';
    if (path === '/.well-known/pomerium/jwks.json') {
      reply(response, own, incoming.headers['if-none-match']);
    } else if (path.startsWith('/recorded/')) {
      const answer = recorded[path.split('/')[2] ?? ''];
      if (answer) reply(response, answer, incoming.headers['if-none-match']);
      else response.writeHead(404).end();
    } else {
      const now = Date.now() / 1000;
      const times = { iat: Math.floor(now), exp: Math.floor(now) + 300 };
      const assertion = await sign(key, { ...times, ...claims });
      const headers = {
        ...carryOver(incoming.headers),
        [ASSERTION]: assertion,
        host: String(claims['aud'] ?? HOST),
        'x-forwarded-host': incoming.headers.host,
      };
      handOn(incoming, response, { url: target + path, headers });
    }
  });
  return {
    ...server,
    key,
    jwksUrl: (name) => `${server.url}${name === undefined ? '/.well-known/pomerium' : `/recorded/${name}`}/jwks.json`,
    proxyTo: (guard) => {
      target = guard;
    },
  };
}

const ASSERTION = 'x-pomerium-jwt-assertion';

/** `carryOverJWTAssertion`: an incoming `-for` is handed on; where there is none, the incoming assertion becomes it. */
function carryOver(incoming: IncomingHttpHeaders): IncomingHttpHeaders {
  const original = incoming[`${ASSERTION}-for`] ?? incoming[ASSERTION];
  return original === undefined ? incoming : { ...incoming, [`${ASSERTION}-for`]: original };
}

/** The headers of `internal/handlers/jwks.go`. */
function answerWith(body: string): RecordedAnswer {
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
  const headers = {
    'Cache-Control': ['max-age=60'],
    'Content-Type': ['application/json'],
    Etag: [etag],
    Vary: ['Origin'],
  };
  return { status: 200, headers, body };
}

function reply(response: ServerResponse, answer: RecordedAnswer, ifNoneMatch: string | undefined): void {
  const isKnown = ifNoneMatch !== undefined && answer.headers['Etag']?.[0] === ifNoneMatch;
  for (const [name, values] of Object.entries(answer.headers)) {
    if (name !== 'Content-Length') response.setHeader(name, values);
  }
  response.writeHead(isKnown ? 304 : answer.status).end(isKnown ? undefined : answer.body);
}
