import { toSafeJson } from './errors.ts';

/** A link of an error's chain of causes, as far as it can be read. Errors of another realm are no `instanceof Error`. */
interface Cause {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/** What a cause's code, name and message say, in each runtime's own way; the clause; what to do about it. */
type Kind = readonly [pattern: RegExp, clause: string, advice?: string];

/** In this order: a certificate's trouble may also read as a closed connection. The code says which it is. */
const KINDS: readonly Kind[] = [
  [
    /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_|ALTNAME|certificate|unknown ca/i,
    'its certificate is not trusted here',
    'check its dates and its host name; for a private CA set NODE_EXTRA_CA_CERTS (Node.js), use static keys, or pass a fetch of your own',
  ],
  [/EPROTO|ERR_SSL|\bTLS\b|InvalidContentType/, 'TLS could not be negotiated', 'check the URL and its port'],
  // https://fetch.spec.whatwg.org/#port-blocking
  [/bad port/, 'fetch never asks this port', 'check the URL and its port'],
  [/ENOTFOUND|EAI_|\bDNS\b|failed to lookup/i, 'the host name cannot be resolved', 'check the URL and the DNS'],
  [
    /ECONNREFUSED|Connection ?Refused/i,
    'the connection was refused',
    'nothing listens there, or a firewall rejects it',
  ],
  [/TIMEDOUT|TIMEOUT|timed out|UNREACH/i, 'the host does not answer', 'check firewalls and routes'],
  [/Network connection lost/, 'the connection was refused, or closed before the whole answer came'],
  [/internal error; ref/, 'workerd does not say why', 'check the host name, its certificate and its port'],
  [
    /ECONNRESET|EPIPE|ERR_SOCKET|hang up|other side closed|connection.*(reset|closed)/i,
    'the connection was closed before the whole answer came',
  ],
];

/**
 * Why a `fetch` failed, as a clause without a full stop: "the connection was refused (ECONNREFUSED); …". Node.js says only
 * `fetch failed` and keeps the reason in `cause`; other runtimes say it in words. Nothing of a request's headers is in it.
 */
export function describeFetchFailure(error: unknown): string {
  const causes = causesOf(error);
  const text = causes.map(({ name, code, message }) => `${code} ${name} ${message}`).join('\n');
  const kind = KINDS.find(([pattern]) => pattern.test(text));
  const { name, code, message } = causes.at(-1) ?? { name: typeof error, code: '', message: '' };
  if (!kind) return `${name} ${code}`.trim() + (message && `: ${redact(message)}`);
  const [, clause, advice] = kind;
  return clause + (code && ` (${code})`) + (advice ? `; ${advice}` : '');
}

/** More links than any runtime makes; a chain may be a circle. */
const MAX_CAUSES = 5;
/** A certificate's names, which its server chooses, may make a message of any length. */
const MAX_LENGTH = 500;

/** An error of somebody else's `fetch` may be anything: reading it must never fail. */
function causesOf(error: unknown): Cause[] {
  const causes: Cause[] = [];
  try {
    let link = error;
    while (causes.length < MAX_CAUSES && typeof link === 'object' && link !== null) {
      const { name, code, message, cause, errors } = link as Record<string, unknown>;
      causes.push({
        name: wordOf(name) || 'Error',
        code: wordOf(code),
        message: `${message ?? ''}`.slice(0, MAX_LENGTH),
      });
      // Node.js tries every address of a host: one failure each.
      link = (Array.isArray(errors) && errors[0]) || cause;
    }
  } catch {
    // What was read so far must do.
  }
  return causes;
}

/** A name that a platform gives: of a class, or a code. Anything else that stands there is not printed. */
function wordOf(value: unknown): string {
  return typeof value === 'string' && /^[A-Z][A-Za-z0-9_]{1,40}$/.test(value) ? value : '';
}

/** Foreign text: without what is quoted, or long enough to be a token or a key; cut and escaped. */
export function redact(message: string): string {
  const text = message.replace(/"[^"]*"?/g, '…').replace(/[\w.+/=-]{32,}/g, '…');
  return toSafeJson(text.slice(0, 200)).slice(1, -1);
}
