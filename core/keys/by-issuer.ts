import { PomeriumError } from '../errors.ts';
import type { KeySelector, VerificationKey } from './key-set.ts';
import type { KeyContext, KeySource } from './source.ts';

/** The keys of one Pomerium, and what it writes to `iss`. */
export interface IssuerKeys {
  readonly issuers: ReadonlySet<string>;
  readonly keys: KeySource;
}

/**
 * The keys of several Pomeriums as one source. Which one a token is from, it cannot say itself: any of those that hold the key id
 * shows that the claims are somebody's; then the keys of the issuer that they name decide, see `keysOf` of the settings.
 */
export function keysByIssuer(all: readonly IssuerKeys[]): KeySource {
  const sources = all.map(({ keys }) => keys);
  return {
    find(selector, context) {
      const holders = sources.filter((keys) => keys.peek?.(selector));
      const [first, second] = holders;
      return first && !second ? first.find(selector, context) : findAny(holders, selector, context);
    },
    async ready(context) {
      await Promise.all(sources.map((keys) => keys.ready(context)));
    },
  };

  /** Of those that hold it, else of all: whoever answers first. As long as one of them cannot tell, nobody can. */
  async function findAny(
    holders: readonly KeySource[],
    selector: KeySelector,
    context: KeyContext,
  ): Promise<VerificationKey> {
    const asked = holders.length > 0 ? holders : sources;
    const errors: unknown[] = [];
    const searches = asked.map(async (keys) => {
      try {
        return await keys.find(selector, context);
      } catch (error) {
        errors.push(error);
        throw error;
      }
    });
    const isUnknown = (error: unknown) => error instanceof PomeriumError && error.code === 'unknown_key';
    const first = await Promise.any(searches).catch(() => {
      throw errors.find((error) => !isUnknown(error)) ?? errors[0];
    });
    // Another one may have another key under the same id.
    const others = holders.flatMap((keys) => keys.peek?.(selector) ?? []).filter((key) => key !== first);
    return others.length > 0 ? anyOf([first, ...others]) : first;
  }
}

/** A key that verifies what one of these does. */
function anyOf(keys: readonly [VerificationKey, ...VerificationKey[]]): VerificationKey {
  return {
    ...keys[0],
    async verify(signature, input) {
      for (const { algorithm, verify } of keys) {
        if (algorithm === keys[0].algorithm && (await verify(signature, input))) return true;
      }
      return false;
    },
  };
}
