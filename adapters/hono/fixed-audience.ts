import type { Context } from 'hono';
import { callSafely, configurationError, isPlainObject } from '../../core/adapter.ts';
import { LABEL_OF_NO_HOST, makeContext, NO_HOST, type Platform } from './made-up-context.ts';
import type { PomeriumOptions } from './options.ts';

/** Where the host that was asked for can stand; a request need not have them. */
const HOST_HEADERS = ['host', 'x-forwarded-host', 'x-original-host', 'x-host', 'forwarded', 'origin', 'referer'];

/**
 * Ensures that an options function does not take audience or issuer from the request: whoever sends it would say whose
 * assertions count, and from where their keys come. The function is called once more, with a request for the same path at a
 * host that nobody has; what it returns must not contain anything of that host. `own`: what it returned for this request.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function requireFixedAudience(own: PomeriumOptions, options: (c: Context) => PomeriumOptions, c: Context): void {
  if (hostsIn(own) === NO_HOSTS || !LABEL_OF_NO_HOST.test(hostsIn(askAgain(options, c)))) return;
  throw configurationError(
    "The options function takes the audience or the issuer from the request, so that whoever sends it would say whose assertions count; write all hosts, as in audience: ['a.corp.example.com', 'b.corp.example.com'], or give Pomerium's routes.",
  );
}

/** Whatever says whose assertions count, as text. */
function hostsIn({ audience, issuer, issuers, routes }: Partial<PomeriumOptions>): string {
  return JSON.stringify([audience, issuer, Object.keys(Object(issuers)), routes]);
}
const NO_HOSTS = hostsIn({});

/** What the function returns for a stranger's request; nothing where it throws, as it then copies nothing from there. */
function askAgain(options: (c: Context) => PomeriumOptions, c: Context): Partial<PomeriumOptions> {
  try {
    const stranger = makeContext(strangersRequest(c.req.raw), platformOf(c));
    for (const [name, value] of Object.entries(c.var)) stranger.set(name, value);
    const made: unknown = options(stranger);
    callSafely(() => made);
    return isPlainObject(made) ? made : {};
  } catch {
    return {};
  }
}

/** The same path, but every host, header, cookie and query parameter names the host that nobody has. */
function strangersRequest(request: Request): Request {
  const { pathname, searchParams } = new URL(request.url);
  const query = new URLSearchParams([...searchParams.keys()].map((name) => [name, NO_HOST]));
  const headers = new Headers();
  for (const name of [...HOST_HEADERS, ...request.headers.keys()]) headers.set(name, NO_HOST);
  const cookies = request.headers.get('cookie');
  if (cookies !== null) headers.set('cookie', cookies.replace(/=[^;]*/g, `=${NO_HOST}`));
  return new Request(`https://${NO_HOST}${pathname}?${query}`, { headers });
}

function platformOf(c: Context): Platform {
  const { env } = c;
  try {
    return { env, executionCtx: c.executionCtx };
  } catch {
    return { env, executionCtx: undefined };
  }
}
