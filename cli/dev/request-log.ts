import type { IncomingHttpHeaders } from 'node:http';

/** A request that went through the stand-in. */
export interface ProxiedRequest {
  readonly at: Date;
  readonly method: string;
  readonly path: string;
  readonly identity: string;
  /** Undefined while the app has not answered, and where it did not. */
  status: number | undefined;
  /** Why the app did not answer, or not to the end. */
  failure?: string;
  readonly headers: readonly (readonly [string, string])[];
}

const MAX_REQUESTS = 20;

/** The last requests. Assets are a page's own business: they are counted, and listed only when something is wrong with them. */
export class RequestLog {
  /** The last ones first. */
  readonly requests: ProxiedRequest[] = [];
  /** Assets that are not in the list. */
  assetCount = 0;

  /** `settle` is called once the request has a status or a failure. */
  add(request: ProxiedRequest, isAsset: boolean): { settle(): void } {
    if (!isAsset) this.#list(request);
    return {
      settle: () => {
        if (!isAsset) return;
        if (request.failure === undefined && (request.status ?? 0) < 400) this.assetCount++;
        else this.#list(request);
      },
    };
  }

  #list(request: ProxiedRequest): void {
    this.requests.unshift(request);
    this.requests.length = Math.min(this.requests.length, MAX_REQUESTS);
  }
}

/** What a browser fetches for a page by itself (Fetch, "destination"). */
const DESTINATIONS = /^(script|style|image|font|audio|video|track|manifest|worker|sharedworker|serviceworker)$/;
/** What development servers add to it: Next.js, Vite, Astro. */
const TOOLS = /^\/(_next\/(static|image|hmr|webpack-hmr)|__nextjs_|@vite\/|@id\/|@fs\/|@react-refresh|_astro\/)/;
const FILES = /\.(m?js|map|css|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|otf|wasm|webmanifest)$/i;

export function isAssetRequest(path: string, headers: IncomingHttpHeaders): boolean {
  const destination = headers['sec-fetch-dest'];
  const [file = ''] = path.split('?');
  const isHotReload = /^vite-(hmr|ping)/.test(headers['sec-websocket-protocol'] ?? '');
  return isHotReload || DESTINATIONS.test(String(destination)) || TOOLS.test(file) || FILES.test(file);
}
