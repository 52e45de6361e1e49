import { configurationError } from '../errors.ts';
import { requireKnown, requireOptions } from '../option-readers.ts';
import { pathOf, policyDenied, readablePath, unreadablePath } from './check.ts';
import { readLeft } from './left.ts';
import type { ExplainedRule, Policy, PolicyDecision, PolicyExplanation, PolicyInput, PolicyOptions } from './policy.ts';
import { anyOf, compileRules, type Rule } from './rules.ts';

/**
 * Compiles a policy in Pomerium's own language (PPL), given as parsed JSON or YAML, so that `decide` answers as Pomerium
 * would. `http_path` is the path that this service is asked for, which Pomerium may have rewritten.
 *
 * @throws {PomeriumError} `invalid_configuration` for whatever an assertion cannot answer, and for any unknown name,
 * operator, matcher or shape, with its `path` in the document (`allow.or[2].groups.is`)
 *
 * @example
 * ```ts
 * const policy = compilePolicy({ allow: { or: [{ domain: 'example.com' }, { groups: 'admins' }] } })
 * ```
 */
export function compilePolicy(ppl: unknown, options: PolicyOptions = {}): Policy {
  requireOptions(options);
  requireKnown(options, ['listClaims', 'leaveToPomerium'], 'option of compilePolicy');
  return compilePolicyAt('', ppl, options);
}

/**
 * The same where the policy stands in something else: with `at` each `path` begins.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function compilePolicyAt(at: string, ppl: unknown, { listClaims, leaveToPomerium }: PolicyOptions = {}): Policy {
  const compiler = {
    listClaims: readListClaims(listClaims),
    left: readLeft(leaveToPomerium),
    isForNobody: false,
    criteria: 0,
  };
  return policyOf(compileRules(ppl, compiler, at));
}

/** @throws {PomeriumError} `invalid_configuration` */
export function readListClaims(names: unknown): ReadonlySet<string> | undefined {
  if (names === undefined) return undefined;
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return new Set(names);
  throw configurationError("listClaims must be a list of claim names; write listClaims: ['roles'].");
}

/** The policy of these rules: some allow must hold, and no deny. */
export function policyOf(rules: readonly Rule[]): Policy {
  const allow = anyOf(rules.filter(({ action }) => action === 'allow'));
  const deny = anyOf(rules.filter(({ action }) => action === 'deny'));
  const all = rules.flatMap(({ operators }) => operators).flatMap(({ criteria }) => criteria);
  const needsPath = all.some((criterion) => criterion.needsPath);
  const evaluate = (input: PolicyInput) => decision(allow(input), deny(input));
  const explain = (input: PolicyInput): PolicyExplanation =>
    Object.freeze({ ...evaluate(input), rules: rules.map((rule) => explainRule(rule, input)) });
  // Judged before any rule is asked: whether a rule about the path is reached must not depend on the order of the others.
  const requireReadable = (input: PolicyInput) => {
    if (needsPath && readablePath(input.path) === null) throw unreadablePath();
    return input;
  };
  return Object.freeze<Policy>({
    needsRequest: all.some(({ needsRequest }) => needsRequest),
    needsPath,
    left: Object.freeze(all.filter(({ isLeft }) => isLeft).map(({ path }) => path)),
    decide: (input) => evaluate(requireReadable(input)),
    explain: (input) => explain(requireReadable(input)),
    check(identity, request = {}) {
      const { method, headers } = request;
      const path = needsPath ? pathOf(request) : undefined;
      if (path === null) throw unreadablePath();
      const input = { identity, method, headers, path };
      const decided = evaluate(input);
      if (!decided.allowed) throw policyDenied(decided, () => explain(input));
    },
  });
}

const ALLOWED = Object.freeze({ allowed: true, allow: true, deny: false });
const DENIED = Object.freeze({ allowed: false, allow: true, deny: true });
const DENIED_ONLY = Object.freeze({ allowed: false, allow: false, deny: true });
const NOT_ALLOWED = Object.freeze({ allowed: false, allow: false, deny: false });

/** One of four objects: a decision allocates nothing. */
function decision(allow: boolean, deny: boolean): PolicyDecision {
  if (deny) return allow ? DENIED : DENIED_ONLY;
  return allow ? ALLOWED : NOT_ALLOWED;
}

function explainRule({ path, action, operators, holds }: Rule, input: PolicyInput): ExplainedRule {
  return {
    path,
    action,
    holds: holds(input),
    operators: operators.map((operator) => ({
      path: operator.path,
      operator: operator.operator,
      holds: operator.holds(input),
      criteria: operator.criteria.map((criterion) => ({
        path: criterion.path,
        criterion: criterion.name,
        holds: criterion.holds(input),
        ...(criterion.isLeft && { isLeft: true as const }),
      })),
    })),
  };
}
