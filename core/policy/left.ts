import { configurationError, describeValue } from '../errors.ts';
import { CRITERION_NAMES } from './criteria.ts';
import type { PolicyAction, PolicyOperator } from './policy.ts';

/** What is not known when a policy is asked. */
export interface Unknowns {
  /** The criteria that Pomerium alone decides. */
  readonly left: ReadonlySet<string>;
  /**
   * Whether nobody is signed in, and a criterion about the user that does not hold is unknown, too: Pomerium asks them to sign in
   * (`handleResult` in authorize/check_response.go). What is unknown lets nobody in who is not.
   */
  readonly isForNobody: boolean;
}

/** Criteria about whoever is signed in. */
const ABOUT_USER: ReadonlySet<string> = new Set(['authenticated_user', 'user', 'email', 'domain', 'groups', 'claim']);

/** Whether a criterion (`claim/level`, of the name `claim`) is left to Pomerium. */
export function isLeft(key: string, name: string, { left }: Unknowns): boolean {
  return left.has(key) || left.has(name);
}

/**
 * What takes the place of a criterion that is unknown: the value with which its rule holds if it can, or does not if it need
 * not (Kleene's three-valued logic, at the end that is asked for). Undefined (–) where it is known. Of an allow that is left to
 * Pomerium it is that for whoever is signed in; for nobody it is the other one.
 *
 * | criterion | rule | under `and`, `or` | under `not`, `nor` | the rule then |
 * | --- | --- | --- | --- | --- |
 * | left to Pomerium, somebody signed in | allow | true | false | holds if it can |
 * | left to Pomerium, nobody signed in | allow | false | true | holds only if it must |
 * | left to Pomerium | deny | false | true | holds only if it must |
 * | about the user, nobody signed in | allow | – | true | holds only if it must |
 * | about the user, nobody signed in | deny | true | – | holds if it can |
 * | any other | both | – | – | is decided |
 */
export function leftValue(
  { key, name, action, operator }: { key: string; name: string; action: PolicyAction; operator: PolicyOperator },
  unknowns: Unknowns,
): boolean | undefined {
  const isPositive = operator === 'and' || operator === 'or';
  // A deny that needs what is left to Pomerium never denies here.
  if (isLeft(key, name, unknowns)) return (action === 'allow') === isPositive;
  const isAboutNobody = unknowns.isForNobody && ABOUT_USER.has(name);
  return isAboutNobody && (action === 'deny') === isPositive ? true : undefined;
}

/** @throws {PomeriumError} `invalid_configuration` for a name that no criterion has: it would leave nothing */
export function readLeft(names: unknown): ReadonlySet<string> {
  if (names === undefined) return new Set();
  const example = "write leaveToPomerium: ['source_ip']";
  if (!Array.isArray(names)) throw configurationError(`leaveToPomerium must be a list of criteria; ${example}.`);
  const isCriterion = (name: unknown) =>
    typeof name === 'string' && (CRITERION_NAMES.includes(name) || /^claim\/./.test(name));
  const wrong = names.findIndex((name) => !isCriterion(name));
  if (wrong >= 0) {
    throw configurationError(
      `leaveToPomerium has ${describeValue(names[wrong])}, which is no criterion; there are ${CRITERION_NAMES.join(', ')}.`,
    );
  }
  return new Set(names);
}
