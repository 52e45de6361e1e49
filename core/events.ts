import type { PomeriumErrorCode } from './errors.ts';
import type { SkipReason } from './keys/jwk.ts';
import type { Algorithm } from './signature/engine.ts';

/** Whose assertion it is about: the direct caller's, or that of the user for whom it calls. */
export type EventSubject = 'assertion' | 'on-behalf-of';

/** An assertion held. `cached`: it was verified before by this verifier, and everything but its signature checked anew. */
export interface AssertionVerified {
  type: 'assertion_verified';
  subject: EventSubject;
  keyId: string;
  algorithm: Algorithm;
  cached: boolean;
}

/** An assertion was refused. `expected` and `received` may hold claim values: keep them from shared logs. */
export interface AssertionRefused {
  type: 'assertion_refused';
  subject: EventSubject;
  code: PomeriumErrorCode;
  status: number;
  message: string;
  expected?: string;
  received?: string;
}

/** A key set was taken over, from the origin (`notModified`: a 304) or from the store. Times in seconds. */
export interface KeysRefreshed {
  type: 'keys_refreshed';
  url: string;
  from: 'origin' | 'store';
  notModified: boolean;
  keyIds: readonly string[];
  fetchedAt: number;
}

export type RefreshFailure =
  | 'unreachable'
  | 'timeout'
  | 'redirect'
  | 'status'
  | 'too_large'
  | 'unusable_document'
  | 'aged_answer';

/** The origin did not give a usable key set. `retryAfter`: seconds until it is asked again. */
export interface KeysRefreshFailed {
  type: 'keys_refresh_failed';
  url: string;
  reason: RefreshFailure;
  message: string;
  retryAfter: number;
}

/** A key of the set is not used. `url` is undefined for static keys. */
export interface KeySkipped {
  type: 'key_skipped';
  url: string | undefined;
  keyId: string | undefined;
  reason: SkipReason;
  message: string;
}

/** The store threw, took longer than its limit or held something unusable. It costs nothing but this event. */
export interface StoreFailed {
  type: 'store_failed';
  url: string;
  operation: 'get' | 'set' | 'claim';
  reason: 'threw' | 'timeout' | 'unusable_entry';
  message: string;
}

/** What happened, for loggers and metrics. No event is ever given a token or a key. */
export type PomeriumEvent =
  | AssertionVerified
  | AssertionRefused
  | KeysRefreshed
  | KeysRefreshFailed
  | KeySkipped
  | StoreFailed;

export type Emit = (event: PomeriumEvent) => void;

/** A listener whose own failure never becomes the request's failure. */
export function safeEmit(onEvent: Emit | undefined): Emit | undefined {
  if (!onEvent) return undefined;
  return (event) => {
    try {
      onEvent(event);
    } catch {
      // A broken logger must not decide who gets in.
    }
  };
}
