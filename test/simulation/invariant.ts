import type { Answer, Isolate } from './isolate.ts';
import type { Ask, Fault } from './origin.ts';

/** Where things stood when a request came. */
export interface Before {
  readonly fault: Fault | undefined;
  /** Since when the origin had been like that. */
  readonly since: number;
  /** Milliseconds since the keys in the isolate's memory were fetched; Infinity without keys. */
  readonly age: number;
  readonly keyIds: readonly string[];
  /** Whether keys within `staleIfError` are at hand, in its memory or in a store that works. */
  readonly isUsable: boolean;
}

/** One check where the promise applies. `detail` says what happened instead. */
export type Check = (holds: boolean, detail: string) => void;

/** A promise, told as a sentence, and what it looks at. Made anew for each run: it may count. */
export interface Invariant<World> {
  readonly sentence: string;
  onRequest?(request: { isolate: Isolate; before: Before }, world: World, check: Check): void;
  onAnswer?(answer: Answer, before: Before, world: World, check: Check): void;
  onAsk?(ask: Ask, world: World, check: Check): void;
  onOutageEnd?(world: World, check: Check): void;
  /** 60 s after the origin came back. */
  onRecovered?(world: World, check: Check): void;
  /** A minute after the last request. */
  onEnd?(world: World, check: Check, unhandled: readonly unknown[]): void;
}
