const REASON = 'The assertion expired';

/** A WebSocket as `fetch` returns it in a Worker. */
interface WorkersWebSocket extends WebSocket {
  accept(options: { allowHalfOpen: boolean }): void;
}
type WorkersResponse = Response & { readonly webSocket?: WorkersWebSocket | null };

declare const WebSocketPair: new () => { readonly 0: WorkersWebSocket; readonly 1: WorkersWebSocket };

/** Calls back after the delay, and returns what cancels that. */
export type Schedule = (callback: () => void, delayMs: number) => () => void;
type AtExpiry = (callback: () => void) => () => void;

const scheduleTimeout: Schedule = (callback, delayMs) => {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
};

/** The same answer, which is closed when the assertion ends, if it is still open then: a WebSocket, a body. */
export function endAtExpiry(response: WorkersResponse, expiresInMs: number, schedule = scheduleTimeout): Response {
  // The longest delay of setTimeout, 24 days: a longer one fires at once.
  const atExpiry: AtExpiry = (callback) => schedule(callback, Math.min(expiresInMs, 2 ** 31 - 1));
  if (response.webSocket) return endWebSocket(response, response.webSocket, atExpiry);
  return response.body ? endBody(response, response.body, atExpiry) : response;
}

function endWebSocket(response: Response, upstream: WorkersWebSocket, atExpiry: AtExpiry): Response {
  const { 0: client, 1: downstream } = new WebSocketPair();
  let isOpen = true;
  // Both at once: a client that closes and goes on reading must not outlast the assertion.
  const end = (code: number, reason?: string) => {
    if (!isOpen) return;
    isOpen = false;
    cancel();
    for (const socket of [upstream, downstream]) close(socket, code, reason);
  };
  const cancel = atExpiry(() => end(1008, REASON));
  for (const [from, to] of [[upstream, downstream] as const, [downstream, upstream] as const]) {
    from.addEventListener('message', ({ data }) => {
      if (isOpen) to.send(data);
    });
    from.addEventListener('close', ({ code, reason }) => end(code, reason));
    from.addEventListener('error', () => end(1011));
    // Both defaults depend on the compatibility date. A Blob cannot be sent.
    from.binaryType = 'arraybuffer';
    from.accept({ allowHalfOpen: true });
  }
  return new Response(null, Object.assign({ status: 101, headers: response.headers }, { webSocket: client }));
}

function close(socket: WorkersWebSocket, code: number, reason?: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // RFC 6455, 7.4.1: some codes are never sent. 1005 means that there was none, 1006 that the connection was lost.
    socket.close(code === 1005 ? undefined : 1011);
  }
}

/** Not `pipeTo` with a signal: workerd looks at that between two chunks, and a stream of events may be silent for hours. */
function endBody(response: Response, body: ReadableStream<Uint8Array>, atExpiry: AtExpiry): Response {
  const reader = body.getReader();
  let cancelTimer = () => {};
  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        cancelTimer = atExpiry(() => {
          const reason = new Error(REASON);
          controller.error(reason);
          reader.cancel(reason).catch(() => {});
        });
      },
      async pull(controller) {
        const { done, value } = await reader.read().catch((error) => {
          cancelTimer();
          throw error;
        });
        if (!done) return controller.enqueue(value);
        cancelTimer();
        controller.close();
      },
      cancel(reason) {
        cancelTimer();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(readable, response);
}
