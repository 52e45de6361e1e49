import type { RemoteKeysOptions } from '../../core/index.ts';
import type { StoreKind } from './library.ts';

export interface Fleet {
  readonly store: StoreKind;
  readonly dataCentres: number;
  /** In each data centre, at any time. */
  readonly isolates: number;
  /** Seconds between two requests of an isolate, on average. */
  readonly requestEvery: number;
  /** Seconds that an isolate lives, on average. */
  readonly lifetime: number;
  /** One request at a time, and frozen in between, as on Lambda. */
  readonly freezes?: boolean;
  readonly options?: RemoteKeysOptions;
}

/** How long keys may be used, in seconds: the library's own values where the fleet sets none. */
export function boundsOf({ options = {} }: Fleet, maxAge: number) {
  const { minTtl = 60, maxTtl = 3600, staleWhileRevalidate = 300, staleIfError = 3600 } = options;
  return { ttl: Math.min(Math.max(maxAge, minTtl), maxTtl), maxTtl, staleWhileRevalidate, staleIfError };
}
