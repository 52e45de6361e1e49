import type { AgentOptions, IncomingMessage } from 'node:http';
import { FetchJwksError, type Transport, type TransportAnswer } from '../../core/adapter.ts';

/**
 * Asks by `node:https`: to load `fetch` takes Node.js longer than the rest of a cold start. (So does importing `node:http`, which
 * is for loopback only.) Each request has a connection of its own, since one that is kept may be dead after a freeze.
 * `onSent`: called when all is sent, and the CPU has nothing else to do until the answer comes.
 */
export function makeHttpsTransport(onSent?: () => unknown): Transport {
  return (url, request) => exchange(url, request, onSent);
}

export const httpsTransport = makeHttpsTransport();

async function exchange(
  url: string,
  { headers, signal }: Parameters<Transport>[1],
  onSent: (() => unknown) | undefined,
): Promise<TransportAnswer> {
  const { Agent, globalAgent, request } = await (url.startsWith('https:') ? import('node:https') : import('node:http'));
  // What NODE_USE_ENV_PROXY or --use-env-proxy gave to Node's own agent.
  const { proxyEnv } = (globalAgent as { options?: AgentOptions }).options ?? {};
  // Who is aborted by now would not hear of it later.
  signal.throwIfAborted();
  const agent = new Agent({ keepAlive: false, ...(proxyEnv && { proxyEnv }) });
  const requestOptions = { agent, headers: { 'accept-encoding': 'identity', ...headers } };
  const answer = await ask((onAnswer) => request(url, requestOptions, onAnswer), signal, onSent);
  return {
    status: answer.statusCode ?? 0,
    // Not `headers`, which has the first Age of several.
    header: (name) => answer.headersDistinct[name]?.join(', ') ?? null,
    read: readerOf(answer),
    discard: () => answer.destroy(),
  };
}

type Request = (onAnswer: (answer: IncomingMessage) => void) => ReturnType<typeof import('node:http').request>;

/** The signal of `RequestOptions` ends with the head of the answer; this one holds for its body, too. */
function ask(request: Request, signal: AbortSignal, onSent: (() => unknown) | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(resolve);
    // An answer that cannot be read on is told to whoever reads it, if anybody does.
    outgoing.on('response', (answer) => answer.on('error', () => {}));
    outgoing.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve(answer);
    });
    signal.addEventListener('abort', () => outgoing.destroy(signal.reason), { once: true });
    if (onSent) outgoing.on('finish', onSent);
    outgoing.on('error', reject).end();
  });
}

function readerOf(answer: IncomingMessage): () => Promise<Uint8Array | undefined> {
  const parts: AsyncIterator<Uint8Array, undefined> = answer[Symbol.asyncIterator]();
  const encoding = answer.headersDistinct['content-encoding']?.join(', ').toLowerCase();
  const isPlain = !encoding || encoding === 'identity';
  return async () => {
    if (isPlain) return (await parts.next()).value;
    answer.destroy();
    throw new FetchJwksError(
      'unusable_document',
      'The JWKS is compressed, though it was asked for as it is: what is in front of Pomerium ignores Accept-Encoding.',
    );
  };
}
