import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SELF_SIGNED } from './tls.ts';

export interface TlsOrigin {
  readonly url: string;
  /** With these another process trusts it. */
  readonly variables: { readonly NODE_EXTRA_CA_CERTS: string };
  close(): void;
}

/** A server behind TLS on a free port of loopback. `folder`: where its certificate is put. */
export async function startTlsOrigin(folder: string, listener: RequestListener): Promise<TlsOrigin> {
  const server = createServer(SELF_SIGNED, listener).on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, SELF_SIGNED.cert);
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/jwks.json`,
    variables: { NODE_EXTRA_CA_CERTS: file },
    close: () => server.close().closeAllConnections(),
  };
}
