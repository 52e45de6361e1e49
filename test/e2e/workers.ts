import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { COMPATIBILITY_DATE } from '../../scripts/bundle-worker.ts';

export interface Workers {
  readonly miniflare: Miniflare;
  /** A URL for each isolate. */
  readonly urls: readonly string[];
}

/** So many isolates of a Worker in workerd, as one data centre has them: with one cache and one KV namespace. */
export async function startWorkers(
  contents: string,
  count: number,
  { bindings, ...more }: { bindings: Record<string, string>; [option: string]: unknown },
): Promise<Workers> {
  const names = Array.from({ length: count }, (_, i) => `isolate-${i}`);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      workers: names.map((name) => ({
        name,
        compatibilityDate: COMPATIBILITY_DATE,
        modules: [{ type: 'ESModule', path: 'worker.js', contents }],
        bindings,
        unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
        ...more,
      })),
    }),
  );
  const urls: string[] = [];
  for (const name of names) urls.push((await miniflare.unsafeGetDirectURL(name)).origin);
  return { miniflare, urls };
}
