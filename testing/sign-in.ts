import { configurationError } from '../core/errors.ts';
import { ASSERTION_HEADER } from '../core/gate/headers.ts';
import { parseUrl } from '../core/url.ts';

/** What {@link signInAs} uses of Playwright's `BrowserContext`. */
export interface RoutableContext {
  route(url: (url: URL) => boolean, handler: (route: InterceptedRoute) => Promise<void>): Promise<unknown>;
}

/** What {@link signInAs} uses of Playwright's `Route`. */
export interface InterceptedRoute {
  request(): { headers(): Record<string, string> };
  fallback(options?: { headers: Record<string, string> }): Promise<void>;
}

/**
 * Signs a browser context of Playwright in to an app that it reaches without Pomerium: each request of its pages to the
 * app's origin gets an assertion of its own, in place of any that the page wrote. Other origins get none. Call it again for
 * somebody else. Contexts do not share who is signed in.
 *
 * Playwright routes no WebSockets, and nothing of `page.request`: `pomerium-edge dev` signs these, too. A redirect takes
 * the headers of its request along, to another origin, too.
 *
 * @param app - The app's URL, as in `use.baseURL`. Only its origin counts.
 * @param sign - Makes an assertion; called for each request.
 * @throws {PomeriumError} `invalid_configuration`, where `app` is no URL of HTTP.
 *
 * @example
 * export const test = base.extend({
 *   context: async ({ context, baseURL }, use) => {
 *     await signInAs(context, baseURL, () => issuer.sign({ email: 'bob@example.com' }))
 *     await use(context)
 *   },
 * })
 */
export async function signInAs(
  context: RoutableContext,
  app: string | URL | undefined,
  sign: () => Promise<string>,
): Promise<void> {
  const origin = originOf(app);
  await context.route(
    (url) => url.origin === origin,
    async (route) => {
      const request = route.request();
      // The newest handler comes first. An older one, of whoever was signed in before, leaves the request as it is.
      if (signed.has(request)) return route.fallback();
      signed.add(request);
      return route.fallback({ headers: { ...request.headers(), [ASSERTION_HEADER]: await sign() } });
    },
  );
}

const signed = new WeakSet<object>();

function originOf(app: string | URL | undefined): string {
  const url = parseUrl(String(app));
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  throw configurationError(
    "signInAs() needs the app's URL, as in use.baseURL of playwright.config: http://localhost:3000",
  );
}
