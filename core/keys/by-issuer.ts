import type { Assertion } from '../assertion.ts';
import { describeValue, PomeriumError } from '../errors.ts';
import type { KeySelector, VerificationKey } from './key-set.ts';
import type { KeyContext, KeySource } from './source.ts';

/** The keys of one Pomerium, and what it writes to `iss`. */
export interface IssuerKeys {
  readonly issuers: ReadonlySet<string>;
  readonly keys: KeySource;
}

/**
 * The keys of several Pomeriums as one source. Which one a token is from, it cannot say itself. The verifier finds out in three steps:
 *
 * 1. `find`, before anything is verified: the key of any of them under the key id. Those whose keys are at hand come first.
 * 2. `findOther`, if that key did not sign it: the key of another one under the same id. Who publishes the key id of another one
 *    must not keep its own key from being fetched.
 * 3. `requireOwn`, once the claims are verified and name their issuer: its own keys of now must verify it, too, whoever else has the
 *    same ones.
 */
export interface SeveralKeys extends KeySource {
  /**
   * Undefined where nobody else has one that verifies it.
   * @throws {PomeriumError} `keys_unavailable` where one of them cannot tell
   */
  findOther(found: VerificationKey, assertion: Assertion, context: KeyContext): Promise<VerificationKey | undefined>;
  /** @throws {PomeriumError} `issuer_mismatch`; `keys_unavailable` where it cannot tell */
  requireOwn(
    found: VerificationKey,
    assertion: Assertion,
    { issuer, context }: { issuer: string; context: KeyContext },
  ): Promise<void>;
}

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
    async findOther(found, assertion, context) {
      const holders = holdersOf(assertion.header);
      const others = sources.filter((keys) => !holders.includes(keys));
      const searches = others.map(async (keys) => {
        const key = await keys.find(assertion.header, context);
        return (await verifies(key, found, assertion)) ? key : Promise.reject();
      });
      return Promise.any(searches).catch(({ errors }: AggregateError) => throwFailure(errors));
    },
    async requireOwn(found, assertion, { issuer, context }) {
      try {
        const own = await all.find(({ issuers }) => issuers.has(issuer))?.keys.find(assertion.header, context);
        if (own && (own === found || (await verifies(own, found, assertion)))) return;
      } catch (error) {
        if (!isUnknownKey(error)) throw error;
      }
      throw new PomeriumError('issuer_mismatch', 'The assertion is signed with a key that its issuer does not have.', {
        expected: "a key of the assertion's issuer",
        received: describeValue(assertion.header.keyId),
      });
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

/** Whether the key, one for the same algorithm, verifies the assertion. */
async function verifies(
  key: VerificationKey,
  found: VerificationKey,
  { signatureSegment, signingInput }: Assertion,
): Promise<boolean> {
  return key.algorithm === found.algorithm && (await key.verify(signatureSegment, signingInput)) === true;
}

function isUnknownKey(error: unknown): boolean {
  return error instanceof PomeriumError && error.code === 'unknown_key';
}

/** Why one of them cannot tell, if one cannot. */
function throwFailure(errors: readonly unknown[]): undefined {
  const failure = errors.find((error) => error !== undefined && !isUnknownKey(error));
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
