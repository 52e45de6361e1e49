import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { createNodeGate, type PomeriumOptions } from './gate.ts';
import { bodyOf, headersOf } from './refusal.ts';

/** A listener of `server.on('upgrade', …)`. */
export type UpgradeListener = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A middleware of Express, Connect and the like. It resolves when `next` is done, or the refusal is sent; Koa waits for that. */
export interface PomeriumMiddleware {
  (req: IncomingMessage, res: ServerResponse, next: () => unknown): Promise<void>;
  /** The same gate for upgrades, which no middleware sees: the listener is only called for those that it lets through. */
  onUpgrade(listener: UpgradeListener): UpgradeListener;
}

/**
 * Lets requests through only if they came through Pomerium, sets `req.identity`, and removes unverified Pomerium headers.
 * Without options the environment configures it (`POMERIUM_AUDIENCE` and the like); each option replaces what that says.
 *
 * @throws {PomeriumError} `invalid_configuration` at once
 *
 * @example
 * ```ts
 * const app = express().use(pomerium())
 * app.get('/', (req, res) => res.send(`Hello ${req.identity?.email}`))
 * ```
 */
export function pomerium(options: PomeriumOptions = {}): PomeriumMiddleware {
  const gate = createNodeGate(options);
  const middleware = async (req: IncomingMessage, res: ServerResponse, next: () => unknown) => {
    const refusal = await gate.refusal(req, targetOf(req));
    if (refusal) return send(refusal, res);
    gate.markAnswer(res);
    await next();
  };
  const onUpgrade =
    (listener: UpgradeListener): UpgradeListener =>
    async (req, socket, head) => {
      const destroy = () => socket.destroy();
      // Nobody else listens yet, and an error that nobody listens to ends the process.
      socket.on('error', destroy);
      const refusal = await gate.refusal(req, targetOf(req));
      if (refusal) return socket.end(await messageOf(refusal), destroy);
      socket.off('error', destroy);
      if (!socket.destroyed) listener(req, socket, head);
    };
  return Object.assign(middleware, { onUpgrade });
}

/** As the client wrote it: Express and Connect take the path of a mounted router away from `url`. */
function targetOf(req: IncomingMessage & { originalUrl?: string }) {
  return { url: req.originalUrl ?? req.url };
}

async function send(answer: Response, res: ServerResponse): Promise<void> {
  const body = await bodyOf(answer);
  // Somebody may have answered meanwhile, such as a time-out.
  if (res.headersSent) return;
  res.statusCode = answer.status;
  for (const [name, value] of headersOf(answer)) res.setHeader(name, value);
  res.end(body);
}

/** The same on a socket, for which Node.js has no answer. */
async function messageOf(answer: Response): Promise<Buffer> {
  const body = await bodyOf(answer);
  const { status } = answer;
  const headers = new Headers(answer.headers);
  headers.set('content-length', String(body.length));
  headers.set('connection', 'close');
  const lines = [...headers].map((line) => line.join(': '));
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
