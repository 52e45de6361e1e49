import type { Emit } from '../events.ts';
import type { KeySelector, VerificationKey } from './key-set.ts';

/** What a request gives to a key source. */
export interface KeyContext {
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Keeps the runtime alive for work that the answer does not wait for. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
  readonly emit: Emit | undefined;
}

/**
 * Where keys come from: `remoteKeys` or `staticKeys`. Only configuration makes one; nothing in a token does.
 */
export interface KeySource {
  /**
   * The key that a token asks for, without a promise when it is in memory.
   * @throws {PomeriumError} `unknown_key`, `keys_unavailable`; `invalid_configuration` for static keys that cannot be used
   */
  find(selector: KeySelector, context: KeyContext): VerificationKey | Promise<VerificationKey>;
  /**
   * Gets the keys now, so that the first request does not wait.
   * @throws {PomeriumError} `keys_unavailable`; `invalid_configuration` for static keys that cannot be used
   */
  ready(context: KeyContext): Promise<void>;
  /** The key, if it is at hand, without asking anybody; what several sources need to tell whose key it is. */
  peek?(selector: KeySelector): VerificationKey | undefined;
}
