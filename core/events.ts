import type { PomeriumErrorCode } from './errors.ts';
import type { SkipReason } from './keys/material/jwk.ts';
import { isPromiseLike } from './promise.ts';
import type { Algorithm } from './signature/algorithms.ts';

/** Whose assertion it is about: the direct caller's, or that of the user for whom it calls. */
export type EventSubject = 'assertion' | 'on-behalf-of';

/**
 * The request that an event is about, where a gate asked. `path`: without the query; null where it has no one reading. Method and
 * path are left out where nobody knows them: in server components of Next.js.
 */
export interface EventRequest {
  method?: string | undefined;
  path?: string | null | undefined;
  /** The platform's own id of the request. */
  id?: string | undefined;
}

/**
 * An assertion is valid. `cached`: this verifier had verified its signature before, and checked everything else anew.
 * `user`: for whom, only where `logSubject` asks for it.
 */
export interface AssertionVerified {
  type: 'assertion_verified';
  subject: EventSubject;
  keyId: string;
  algorithm: Algorithm;
  cached: boolean;
  request?: EventRequest | undefined;
  user?: string | undefined;
  /** With `routes`: the name of the route, or its `from`. */
  route?: string | undefined;
}

/**
 * An assertion was refused. `expected` and `received` may hold claim values: keep them from shared logs. `user`: whom a policy
 * refused, only where `logSubject` asks for it.
 */
export interface AssertionRefused {
  type: 'assertion_refused';
  subject: EventSubject;
  code: PomeriumErrorCode;
  status: number;
  message: string;
  expected?: string | undefined;
  received?: string | undefined;
  request?: EventRequest | undefined;
  user?: string | undefined;
}

/** A key set came into use, from the origin (`notModified`: a 304) or from the store. Times in seconds. */
export interface KeysRefreshed {
  type: 'keys_refreshed';
  url: string;
  from: 'origin' | 'store';
  notModified: boolean;
  keyIds: readonly string[];
  fetchedAt: number;
}

/** Why a key set did not come into use. */
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

/** Where events go: see `VerifierOptions.onEvent`. A promise is kept alive, and its rejection ignored. */
export type EventListener = (event: PomeriumEvent) => unknown;

/** An event's way to its listener: never throws, never rejects. */
export type Emit = (event: PomeriumEvent) => void;

/** A listener that fails, now or later, never changes an answer and never ends the process. */
export function emitTo(
  listener: EventListener | undefined,
  waitUntil: ((promise: Promise<unknown>) => void) | undefined,
): Emit | undefined {
  return listener && ((event) => callSafely(() => listener(event), waitUntil));
}

/**
 * Calls code of the user's whose result does not matter: a listener, a logger. What it throws, or rejects with later, is
 * ignored; a promise is kept alive where the platform has a way to.
 */
export function callSafely(callback: () => unknown, waitUntil?: (promise: Promise<unknown>) => void): void {
  try {
    const result = callback();
    if (!isPromiseLike(result)) return;
    const settled = Promise.resolve(result).then(ignore, ignore);
    if (waitUntil) callSafely(() => waitUntil(settled));
  } catch {
    // A broken logger must not decide who gets in.
  }
}

function ignore(): void {}
