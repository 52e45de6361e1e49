import { PomeriumError } from '../errors.ts';
import type { KeySelector, VerificationKey } from './key-set.ts';
import type { KeyContext, KeySource } from './source.ts';

/** The keys of one Pomerium, and what it writes to `iss`. */
export interface IssuerKeys {
  readonly issuers: ReadonlySet<string>;
  readonly keys: KeySource;
}

export interface SeveralKeys extends KeySource {
  /**
   * The key of another Pomerium under the same id, for a signature that is not of `found`: who publishes the key id of another
   * one must not keep its own key from being fetched. Undefined where nobody has one that verifies it.
   * @throws {PomeriumError} `keys_unavailable` where one of them cannot tell
   */
  findOther(
    found: VerificationKey,
    selector: KeySelector,
    { context, verifies }: { context: KeyContext; verifies: (key: VerificationKey) => Promise<boolean> },
  ): Promise<VerificationKey | undefined>;
}

/**
 * The keys of several Pomeriums as one source. Which one a token is from, it cannot say itself: any of those that hold the key id
 * shows that the claims are somebody's; then the keys of the issuer that they name decide, see `keysOf` of the settings.
 */
export function keysByIssuer(all: readonly IssuerKeys[]): SeveralKeys {
  const sources = all.map(({ keys }) => keys);
  const holdersOf = (selector: KeySelector) =>
    sources.filter((keys) => keys.peek?.(selector)?.algorithm === selector.algorithm);
  return {
    find(selector, context) {
      const holders = holdersOf(selector);
      const [first, second] = holders;
      return first && !second ? first.find(selector, context) : findAny(holders, selector, context);
    },
    async findOther(found, selector, { context, verifies }) {
      const holders = holdersOf(selector);
      const others = sources.filter((keys) => !holders.includes(keys));
      const searches = others.map(async (keys) => {
        const key = await keys.find(selector, context);
        return key.algorithm === found.algorithm && (await verifies(key)) ? key : Promise.reject();
      });
      return Promise.any(searches).catch(({ errors }: AggregateError) => throwFailure(errors));
    },
    async ready(context) {
      await Promise.all(sources.map((keys) => keys.ready(context)));
    },
  };

  /**
   * Of those that hold it, else of all: whoever answers first with a key for this algorithm. As long as one of them cannot
   * tell, nobody can.
   */
  async function findAny(
    holders: readonly KeySource[],
    selector: KeySelector,
    context: KeyContext,
  ): Promise<VerificationKey> {
    const isForAlgorithm = (key: VerificationKey) => key.algorithm === selector.algorithm;
    const asked = holders.length > 0 ? holders : sources;
    const searches = asked.map(async (keys) => keys.find(selector, context));
    const suitable = searches.map(async (search) => {
      const key = await search;
      return isForAlgorithm(key) ? key : Promise.reject();
    });
    const first = await Promise.any(suitable).catch(({ errors }: AggregateError) => {
      throwFailure(errors);
      // One for another algorithm, which the verifier refuses, or nobody has it.
      return Promise.any(searches).catch(() => Promise.reject(errors[0]));
    });
    // Another one may have another key under the same id.
    const others = sources.flatMap((keys) => keys.peek?.(selector) ?? []).filter((key) => key !== first);
    const alike = others.filter(isForAlgorithm);
    return alike.length > 0 ? anyOf([first, ...alike]) : first;
  }
}

/** Why one of them cannot tell, if one cannot. */
function throwFailure(errors: readonly unknown[]): undefined {
  const isUnknown = (error: unknown) => error instanceof PomeriumError && error.code === 'unknown_key';
  const failure = errors.find((error) => error !== undefined && !isUnknown(error));
  if (failure) throw failure;
}

/** A key that verifies what one of these does, all of one algorithm. */
function anyOf(keys: readonly [VerificationKey, ...VerificationKey[]]): VerificationKey {
  return {
    ...keys[0],
    async verify(signature, input) {
      for (const { verify } of keys) {
        if (await verify(signature, input)) return true;
      }
      return false;
    },
  };
}
