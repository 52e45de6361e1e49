import { PomeriumError } from '../errors.ts';
import { isPromiseLike } from '../promise.ts';
import type { KeySelector, VerificationKey } from './key-set.ts';
import type { KeyContext, KeySource } from './source.ts';

/** The keys of one Pomerium, and what it writes to `iss`. */
export interface IssuerKeys {
  readonly issuers: ReadonlySet<string>;
  readonly keys: KeySource;
}

/**
 * The keys of several Pomeriums as one source. Which one a token is from, it cannot say itself: whoever holds the key id gives
 * the key, and the key says which issuers it is for, to be checked once the signature is valid.
 */
export function keysByIssuer(all: readonly IssuerKeys[]): KeySource {
  const owned = new WeakMap<VerificationKey, VerificationKey>();
  /** The key, for its own issuers, and for those that have the very same key. */
  const own = (key: VerificationKey, { issuers }: IssuerKeys, selector: KeySelector): VerificationKey => {
    const isShared = (iss: string) => {
      const theirs = all.find((one) => one.issuers.has(iss))?.keys.peek?.(selector);
      return theirs !== undefined && JSON.stringify(theirs.jwk) === JSON.stringify(key.jwk);
    };
    const made = owned.get(key) ?? { ...key, isFor: (iss: string) => issuers.has(iss) || isShared(iss) };
    owned.set(key, made);
    return made;
  };
  const findIn = (one: IssuerKeys, selector: KeySelector, context: KeyContext) => {
    const found = one.keys.find(selector, context);
    return isPromiseLike(found) ? found.then((key) => own(key, one, selector)) : own(found, one, selector);
  };
  return {
    find(selector, context) {
      const holder = all.find(({ keys }) => keys.peek?.(selector));
      return holder ? findIn(holder, selector, context) : findInAny(selector, context);
    },
    async ready(context) {
      await Promise.all(all.map(({ keys }) => keys.ready(context)));
    },
    peek: (selector) => all.map(({ keys }) => keys.peek?.(selector)).find((key) => key !== undefined),
  };

  /** Asks all of them. As long as one cannot tell, nobody can. */
  async function findInAny(selector: KeySelector, context: KeyContext): Promise<VerificationKey> {
    const results = await Promise.allSettled(all.map(async (one) => findIn(one, selector, context)));
    const found = results.find((result) => result.status === 'fulfilled');
    if (found) return found.value;
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    throw reasons.find((reason) => !(reason instanceof PomeriumError && reason.code === 'unknown_key')) ?? reasons[0];
  }
}
