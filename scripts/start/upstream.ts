import { headerLines, type LocalServer, serve } from './server.ts';

/** What reached the service behind the guard. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly [string, string][];
}

/** A tiny service that trusts whoever reaches it, and remembers what did. */
export async function startUpstream(): Promise<LocalServer & { takeReceived(): Received | undefined }> {
  let last: Received | undefined;
  const server = await serve((request, response) => {
    last = { method: request.method ?? '', path: request.url ?? '', headers: headerLines(request) };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(last, null, 2));
  });
  return {
    ...server,
    takeReceived() {
      const received = last;
      last = undefined;
      return received;
    },
  };
}
