import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Both addresses that `localhost` means; a machine may be without the second. */
const ADDRESSES = ['127.0.0.1', '::1'] as const;
const WITHOUT_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENETUNREACH']);
const MAX_TRIES = 20;

export interface Listening {
  readonly servers: readonly Server[];
  readonly port: number;
}

/** Servers on the same port of both. `port`: 0 for one that is free. `prepare` is called with each before it listens. */
export async function listenOnLocalhost(
  options: ServerOptions,
  port: number,
  prepare: (server: Server) => void,
): Promise<Listening> {
  for (let tries = 1; ; tries++) {
    const first = prepared(options, prepare);
    await listen(first, port, ADDRESSES[0]);
    const { port: chosen } = first.address() as AddressInfo;
    const second = prepared(options, prepare);
    try {
      await listen(second, chosen, ADDRESSES[1]);
      return { servers: [first, second], port: chosen };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (WITHOUT_IPV6.has(code)) return { servers: [first], port: chosen };
      // Somebody else has it there, to whom half of the browsers would go.
      await new Promise((resolve) => first.close(resolve));
      if (port !== 0 || tries === MAX_TRIES) throw error;
    }
  }
}

function prepared(options: ServerOptions, prepare: (server: Server) => void): Server {
  const server = createServer(options);
  prepare(server);
  return server;
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
