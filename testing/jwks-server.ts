import { answerFaulty, answerJwks, type Fault } from './jwks-answer.ts';

/** A loopback server that publishes a key set as Pomerium does. */
export interface JwksServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** `<url>/.well-known/pomerium/jwks.json`. */
  readonly jwksUrl: string;
  /** How often the key set was asked for. */
  readonly hits: number;
  /**
   * What is wrong from now on; undefined for nothing: `down` (the connection is cut), `slow` (no answer at all), `garbage`, `html`,
   * `redirect`, `keys-null` (a Pomerium without a signing key), `too-large`, `error` (500).
   */
  fault(fault: Fault | undefined): void;
  close(): Promise<void>;
}

export const JWKS_PATH = '/.well-known/pomerium/jwks.json';

export async function serveJwks(jwks: () => object): Promise<JwksServer> {
  // Only here: the rest of the kit runs where there is no node:http.
  const { createServer } = await import('node:http');
  let current: Fault | undefined;
  let hits = 0;
  const server = createServer(async (request, response) => {
    if (request.url !== JWKS_PATH) {
      response.writeHead(404).end();
      return;
    }
    hits++;
    if (current === 'slow') return;
    if (current === 'down') {
      request.socket.destroy();
      return;
    }
    const answer = current ? answerFaulty(current) : await answerJwks(jwks(), request.headers['if-none-match']);
    response.writeHead(answer.status, answer.headers).end(request.method === 'HEAD' ? undefined : answer.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    url,
    jwksUrl: url + JWKS_PATH,
    get hits() {
      return hits;
    },
    fault(fault) {
      current = fault;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
