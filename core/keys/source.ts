import type { Emit } from '../events.ts';
import type { KeySelector, VerificationKey } from './key-set.ts';

/** What a request lends to a key source. */
export interface KeyContext {
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Keeps the runtime alive for work that the answer does not wait for. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
  readonly emit: Emit | undefined;
}

/**
 * Where keys come from: `remoteKeys` or `staticKeys`. Only configuration makes one; nothing in a token does.
 * `find` answers without a promise when the key is in memory, and throws `unknown_key` or `keys_unavailable`.
 */
export interface KeySource {
  find(selector: KeySelector, context: KeyContext): VerificationKey | Promise<VerificationKey>;
  /** Gets the keys now, so that the first request does not wait. Throws `keys_unavailable`. */
  ready(context: KeyContext): Promise<void>;
}
