import { type IncomingHttpHeaders, request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a path and header lines as they are: `fetch` would tidy both up. */
export function sendRaw(
  base: string,
  path: string,
  lines: readonly (readonly [name: string, value: string])[] = [],
  { method = 'GET', body = '' } = {},
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(base);
  return new Promise((resolve, reject) => {
    const headers = ['Host', host, ...lines.flat()];
    // A connection of its own: a server ends it after what it cannot read.
    const outgoing = request({ hostname, port, path, method, headers, agent: false }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
    });
    outgoing.on('error', reject).end(body);
  });
}
