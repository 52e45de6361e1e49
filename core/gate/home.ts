import type { AnyOptions } from '../options.ts';
import { parseFrom } from '../routes/from.ts';
import { parseUrl } from '../url.ts';
import type { RequestLike } from './headers.ts';

/** The authority behind which Pomerium signs people in, if there is one only. */
export function homeOf({ audience, routes }: AnyOptions): string | undefined {
  const [host, ...others] = [routes?.hosts ?? audience].flat();
  if (!host || others.length > 0 || host.includes('*')) return undefined;
  // A host has no port here, and each route its own.
  const decided = routes?.explain().filter(({ isDecidedHere }) => isDecidedHere) ?? [];
  const [port, ...morePorts] = new Set(decided.map(({ from }) => parseFrom(from, 'from').port));
  if (morePorts.length > 0) return undefined;
  return port ? `${host}:${port}` : host;
}

/** The request's URL there. */
export function sameUrlAt(authority: string, { url = '/' }: RequestLike): string | undefined {
  const base = `https://${authority}`;
  const parsed = parseUrl(url, base);
  if (!parsed) return undefined;
  const { pathname, search } = parsed;
  // That of `mailto:@evil.test` is no path, and would be a part of the host.
  return pathname.startsWith('/') ? `${base}${pathname}${search}` : undefined;
}
