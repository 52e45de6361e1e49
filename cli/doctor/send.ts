import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import type { Attack } from './attacks.ts';

/** What is sent: an attack, or the request for a page that is read. */
export type RawRequest = Pick<Attack, 'path' | 'headers'>;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** More than any refusal has; of more only the beginning is read. */
const MAX_BODY = 262_144;

/** Sends path and header lines as they are: `fetch` would tidy up both. `timeout` in milliseconds. */
export function send(base: string, { path, headers }: RawRequest, timeout: number): Promise<Answer> {
  const url = new URL(base);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const lines = ['Host', url.host, 'User-Agent', 'pomerium-edge doctor', ...acceptOf(headers), ...headers.flat()];
  return new Promise((resolve, reject) => {
    const options = { ...urlToHttpOptions(url), path, headers: lines, signal: AbortSignal.timeout(timeout) };
    const outgoing = request(options, async (response) => {
      const { statusCode: status = 0, headers } = response;
      // From here on, whatever goes wrong is the body's.
      outgoing.off('error', reject).on('error', () => {});
      resolve({ status, headers, body: await readBody(response) });
    });
    // A change of protocol that nobody asked for. Node.js emits it here, and nothing else.
    outgoing.on('upgrade', ({ statusCode: status = 0, headers }, socket) => {
      socket.destroy();
      resolve({ status, headers, body: '' });
    });
    outgoing.on('error', reject).end();
  });
}

/** Also of an answer that is cut, or never ends: its status was sent, and what came with it was given away. */
async function readBody(response: IncomingMessage): Promise<string> {
  let body = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      body += chunk;
      if (body.length > MAX_BODY) break;
    }
  } catch {
    // What came until then.
  }
  return body;
}

function acceptOf(headers: RawRequest['headers']): string[] {
  return headers.some(([name]) => name === 'Accept') ? [] : ['Accept', '*/*'];
}
