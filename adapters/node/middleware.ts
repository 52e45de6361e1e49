import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { createNodeGate, type PomeriumOptions } from './gate.ts';
import { bodyOf, headersOf } from './refusal.ts';

/** A listener of `server.on('upgrade', …)`. */
export type UpgradeListener = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

type Next = () => unknown;

/** The part of a context of Koa that is used. */
export interface KoaContextLike {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** As the app got it: `koa-mount` takes the path of what is mounted away from `req.url`. */
  readonly originalUrl: string;
}

/**
 * A middleware of Koa, and of Express, Connect and the like. It resolves when `next` is done, or the refusal is sent, for which
 * Koa waits.
 */
export interface PomeriumMiddleware {
  (ctx: KoaContextLike, next: Next): Promise<void>;
  (req: Http2ServerRequest, res: Http2ServerResponse, next: Next): Promise<void>;
  (req: IncomingMessage, res: ServerResponse, next: Next): Promise<void>;
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
 *
 * @example
 * ```ts
 * const app = new Koa().use(pomerium())
 * app.use((ctx) => {
 *   ctx.body = `Hello ${ctx.req.identity?.email}`
 * })
 * ```
 */
export function pomerium(options: PomeriumOptions = {}): PomeriumMiddleware {
  const gate = createNodeGate(options);
  const pass = async (req: IncomingMessage, res: ServerResponse, next: Next, url = urlOf(req)) => {
    const refusal = await gate.refusal(req, { url });
    if (refusal) return send(refusal, res);
    gate.markAnswer(res);
    await next();
  };
  // Not `...args`: h3 and others count the parameters of a middleware.
  const middleware = async (
    first: IncomingMessage | Http2ServerRequest | KoaContextLike,
    second: ServerResponse | Http2ServerResponse | Next,
    third?: Next,
  ) => {
    if ('req' in first && typeof second === 'function') return pass(first.req, first.res, second, urlOfKoa(first));
    // Those of HTTP/2 have all that is used of those of HTTP/1.
    if (third) return pass(first as IncomingMessage, second as ServerResponse, third);
    throw new TypeError('A gate is called with (req, res, next), or with (ctx, next) of Koa.');
  };
  const onUpgrade =
    (listener: UpgradeListener): UpgradeListener =>
    async (req, socket, head) => {
      const destroy = () => socket.destroy();
      // Nobody else listens yet, and an error that nobody listens to ends the process.
      socket.on('error', destroy);
      const refusal = await gate.refusal(req, { url: urlOf(req) });
      if (refusal) return socket.end(await messageOf(refusal), destroy);
      socket.off('error', destroy);
      if (!socket.destroyed) listener(req, socket, head);
    };
  return Object.assign(middleware, { onUpgrade });
}

type Mounted = IncomingMessage & { originalUrl?: string };

/** As the client wrote it: Express and Connect take the path of a mounted router away from `url`. */
function urlOf(req: Mounted): string | undefined {
  return req.originalUrl ?? req.url;
}

/**
 * Koa remembers it in the context alone, and may have escaped what it leaves in `req.url`. Behind Express that is a part of it, and
 * a Connect app that is mounted before the gate has set `req.originalUrl` to a part of it.
 */
function urlOfKoa({ req, originalUrl }: KoaContextLike & { readonly req: Mounted }): string {
  return req.originalUrl?.endsWith(originalUrl) ? req.originalUrl : originalUrl;
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
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
