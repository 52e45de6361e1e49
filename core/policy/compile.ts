import { configurationError, describeType, describeValue } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import { pathOf, policyDenied, readablePath, unreadablePath } from './check.ts';
import { type CompiledCriterion, compileCriterion, type Predicate } from './criteria.ts';
import type {
  ExplainedRule,
  Policy,
  PolicyAction,
  PolicyDecision,
  PolicyExplanation,
  PolicyInput,
  PolicyOperator,
  PolicyOptions,
} from './policy.ts';

interface Criterion extends CompiledCriterion {
  readonly path: string;
  readonly name: string;
}
interface Operator {
  readonly path: string;
  readonly operator: PolicyOperator;
  readonly criteria: readonly Criterion[];
  readonly holds: Predicate;
}
interface Rule {
  readonly path: string;
  readonly action: PolicyAction;
  readonly operators: readonly Operator[];
  readonly holds: Predicate;
}

const MAX_CRITERIA = 1000;

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
  const compiler = { listClaims: readListClaims(options), criteria: 0 };
  const rules = documentRules(ppl).flatMap(([rule, path]) => compileRules(rule, path, compiler));
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

interface Compiler {
  readonly listClaims: ReadonlySet<string>;
  criteria: number;
}

function readListClaims({ listClaims = [] }: PolicyOptions): ReadonlySet<string> {
  if (Array.isArray(listClaims) && listClaims.every((name) => typeof name === 'string')) return new Set(listClaims);
  throw configurationError("listClaims must be a list of claim names; write listClaims: ['roles'].");
}

/** One object, or a list of them (`RulesFromValue`). */
function documentRules(ppl: unknown): [rule: JsonObject, path: string][] {
  if (isObject(ppl)) return [[ppl, '']];
  if (!Array.isArray(ppl)) {
    const hint = typeof ppl === 'string' ? 'parse the JSON or YAML first' : 'write { allow: { or: [ … ] } }';
    throw configurationError(
      `A policy is an object with allow and deny, or a list of these; it is ${describeType(ppl)}: ${hint}.`,
    );
  }
  return ppl.map((rule, i) => {
    if (!isObject(rule))
      throw configurationError(`[${i}] must be an object with allow or deny; it is ${describeType(rule)}.`, {
        path: `[${i}]`,
      });
    return [rule, `[${i}].`];
  });
}

function compileRules(rule: JsonObject, prefix: string, compiler: Compiler): Rule[] {
  return Object.entries(rule).map(([action, body]) => {
    const path = prefix + action;
    if (action !== 'allow' && action !== 'deny') {
      throw configurationError(`${path}: there is no action ${describeValue(action)}; write allow or deny.`, { path });
    }
    if (!isObject(body)) {
      throw configurationError(`${path} must be an object with and, or, not or nor; it is ${describeType(body)}.`, {
        path,
      });
    }
    const operators = Object.entries(body).flatMap(([operator, list]) =>
      compileOperator(operator, list, path, compiler),
    );
    return { path, action, operators, holds: anyOf(operators) };
  });
}

const OPERATORS: Readonly<Record<PolicyOperator, (criteria: readonly Criterion[]) => Predicate>> = {
  and: (criteria) => (input) => criteria.every(({ holds }) => holds(input)),
  or: anyOf,
  not: (criteria) => (input) => !criteria.some(({ holds }) => holds(input)),
  // In Pomerium nor is a NAND: it holds when not all of them do (`norBody` in generator/conditionals.go).
  nor: (criteria) => (input) => !criteria.every(({ holds }) => holds(input)),
};

function compileOperator(operator: string, list: unknown, at: string, compiler: Compiler): Operator[] {
  const path = `${at}.${operator}`;
  // Pomerium's grammar lets "action" stand here and ignores it.
  if (operator === 'action') return [];
  if (!isOperator(operator)) {
    throw configurationError(`${path}: there is no operator ${describeValue(operator)}; write and, or, not or nor.`, {
      path,
    });
  }
  if (!Array.isArray(list))
    throw configurationError(`${path} must be a list of criteria; it is ${describeType(list)}.`, { path });
  // An operator with an empty list never holds, not even "and" or "not".
  if (list.length === 0) return [];
  const criteria = list.map((criterion, i) => compileListed(criterion, `${path}[${i}]`, compiler));
  return [{ path, operator, criteria, holds: OPERATORS[operator](criteria) }];
}

function isOperator(name: string): name is PolicyOperator {
  return Object.hasOwn(OPERATORS, name);
}

function compileListed(criterion: unknown, at: string, compiler: Compiler): Criterion {
  const [entry, ...more] = isObject(criterion) ? Object.entries(criterion) : [];
  if (!entry || more.length > 0) {
    throw configurationError(`${at} must be an object with exactly one criterion, as in { email: 'a@example.com' }.`, {
      path: at,
    });
  }
  compiler.criteria += 1;
  if (compiler.criteria > MAX_CRITERIA) throw configurationError(`A policy may have ${MAX_CRITERIA} criteria at most.`);
  const [key, data] = entry;
  const slash = key.indexOf('/');
  const name = slash < 0 ? key : key.slice(0, slash);
  const subPath = slash < 0 ? '' : key.slice(slash + 1);
  const path = `${at}.${key}`;
  const { listClaims } = compiler;
  return { path, name: key, ...compileCriterion(name, { subPath, data, path, listClaims }) };
}

/** Holds when any of them does; so nothing holds when there are none. */
function anyOf(nodes: readonly { readonly holds: Predicate }[]): Predicate {
  return (input) => nodes.some(({ holds }) => holds(input));
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
      })),
    })),
  };
}
