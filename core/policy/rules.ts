import { configurationError, describeType, describeValue, mistakeAt } from '../errors.ts';
import { isPlainObject, type JsonObject } from '../json.ts';
import { type CompiledCriterion, compileCriterion, type Predicate } from './criteria.ts';
import { isLeft, leftValue, type Unknowns } from './left.ts';
import type { PolicyAction, PolicyOperator } from './policy.ts';

export interface Criterion extends CompiledCriterion {
  readonly path: string;
  readonly name: string;
  readonly isLeft: boolean;
}
export interface Operator {
  readonly path: string;
  readonly operator: PolicyOperator;
  readonly criteria: readonly Criterion[];
  readonly holds: Predicate;
}
export interface Rule {
  readonly path: string;
  readonly action: PolicyAction;
  readonly operators: readonly Operator[];
  readonly holds: Predicate;
}

/** How documents are compiled. */
export interface Compiler extends Unknowns {
  /** Undefined: unknown. */
  readonly listClaims: ReadonlySet<string> | undefined;
  /** Refuses, by throwing, a criterion that is valid and cannot be answered where this policy is asked. */
  readonly requireAnswer?: (criterion: {
    name: string;
    subPath: string;
    path: string;
    /** Whether a value that the assertion lacks could let somebody in. */
    mayOpen: boolean;
  }) => void;
  /** How many criteria there are so far. */
  criteria: number;
}

const MAX_CRITERIA = 1000;

/** The rules of a document: one object, or a list of them (`RulesFromValue`). `at`: where it stands in a greater one. */
export function compileRules(ppl: unknown, compiler: Compiler, at: string): Rule[] {
  return documentRules(ppl, at).flatMap(([rule, prefix]) =>
    Object.entries(rule).map(([action, body]) => compileRule(action, body, prefix + action, compiler)),
  );
}

function documentRules(ppl: unknown, at: string): [rule: JsonObject, prefix: string][] {
  if (isPlainObject(ppl)) return [[ppl, at && `${at}.`]];
  if (!Array.isArray(ppl)) {
    const hint = typeof ppl === 'string' ? 'parse the JSON or YAML first' : 'write { allow: { or: [ … ] } }';
    throw configurationError(
      `A policy is a plain object with allow and deny, or a list of these; ${at || 'it'} is ${describeType(ppl)}: ${hint}.`,
      { path: at },
    );
  }
  return ppl.map((rule, i) => {
    const path = `${at}[${i}]`;
    if (!isPlainObject(rule))
      throw mistakeAt(path, ` must be a plain object with allow or deny; it is ${describeType(rule)}.`);
    return [rule, `${path}.`];
  });
}

function compileRule(action: string, body: unknown, path: string, compiler: Compiler): Rule {
  if (action !== 'allow' && action !== 'deny') {
    throw mistakeAt(path, `: there is no action ${describeValue(action)}; write allow or deny.`);
  }
  if (!isPlainObject(body)) {
    throw mistakeAt(path, ` must be a plain object with and, or, not or nor; it is ${describeType(body)}.`);
  }
  const operators = Object.entries(body).flatMap(([operator, list]) =>
    compileOperator(action, operator, list, `${path}.${operator}`, compiler),
  );
  return { path, action, operators, holds: anyOf(operators) };
}

const OPERATORS: Readonly<Record<PolicyOperator, (criteria: readonly Criterion[]) => Predicate>> = {
  and: (criteria) => (input) => criteria.every(({ holds }) => holds(input)),
  or: anyOf,
  not: (criteria) => (input) => !criteria.some(({ holds }) => holds(input)),
  // In Pomerium nor is a NAND: it holds when not all of them do (`norBody` in generator/conditionals.go).
  nor: (criteria) => (input) => !criteria.every(({ holds }) => holds(input)),
};

function compileOperator(
  action: PolicyAction,
  operator: string,
  list: unknown,
  path: string,
  compiler: Compiler,
): Operator[] {
  // Pomerium's grammar lets "action" stand here and ignores it.
  if (operator === 'action') return [];
  if (!isOperator(operator)) {
    throw mistakeAt(path, `: there is no operator ${describeValue(operator)}; write and, or, not or nor.`);
  }
  if (!Array.isArray(list)) throw mistakeAt(path, ` must be a list of criteria; it is ${describeType(list)}.`);
  const criteria = list.map((one, i) => [`${path}[${i}]`, one] as const);
  return compileCriteria(action, operator, criteria, path, compiler);
}

function isOperator(name: string): name is PolicyOperator {
  return Object.hasOwn(OPERATORS, name);
}

/** An operator over criteria, each with where it stands. */
export function compileCriteria(
  action: PolicyAction,
  operator: PolicyOperator,
  listed: readonly (readonly [at: string, criterion: unknown])[],
  path: string,
  compiler: Compiler,
): Operator[] {
  // An operator with an empty list never holds, not even "and" or "not".
  if (listed.length === 0) return [];
  const criteria = listed.map(([at, criterion]) => compileListed(criterion, at, { action, operator, compiler }));
  return [{ path, operator, criteria, holds: OPERATORS[operator](criteria) }];
}

const MATCHER = /^(is|not|in|not_in|has|exclude|contains|starts_with|ends_with)$/;

interface Place {
  readonly action: PolicyAction;
  readonly operator: PolicyOperator;
  readonly compiler: Compiler;
}

function compileListed(criterion: unknown, at: string, { action, operator, compiler }: Place): Criterion {
  const [entry, ...more] = isPlainObject(criterion) ? Object.entries(criterion) : [];
  if (!entry || more.length > 0) {
    const has = isPlainObject(criterion)
      ? `has ${Object.keys(criterion).join(', ') || 'none'}`
      : `is ${describeType(criterion)}`;
    const hint = more.some(([key]) => MATCHER.test(key))
      ? ' (indent what belongs to a criterion more than its name)'
      : '';
    throw mistakeAt(
      at,
      ` must be a plain object with exactly one criterion, as in { email: 'a@example.com' }; it ${has}${hint}.`,
    );
  }
  compiler.criteria += 1;
  if (compiler.criteria > MAX_CRITERIA) throw configurationError(`A policy may have ${MAX_CRITERIA} criteria at most.`);
  const [key, data] = entry;
  const [name = key] = key.split('/', 1);
  const subPath = key.slice(name.length + 1);
  const path = `${at}.${key}`;
  const unknown = leftValue({ key, name, action, operator }, compiler);
  if (isLeft(key, name, compiler)) {
    // What is unknown lets in whoever is signed in, and nobody else. `policy test` may know somebody by the address alone.
    const holds: Predicate = ({ identity: { subject, user, email } }) =>
      (action === 'allow' && (subject ?? user ?? email) === undefined) !== unknown;
    return { path, name: key, isLeft: true, holds, needsRequest: false, needsPath: false };
  }
  const isNegative = action === 'deny' || operator === 'not' || operator === 'nor';
  const mayOpen = isNegative || (isPlainObject(data) && Object.hasOwn(data, 'exclude'));
  compiler.requireAnswer?.({ name, subPath, path, mayOpen });
  const compiled = compileCriterion(name, { subPath, data, path, listClaims: compiler.listClaims, mayOpen });
  return { path, name: key, isLeft: false, ...compiled, ...(unknown !== undefined && { holds: () => unknown }) };
}

/** Holds when any of them does; so nothing holds when there are none. */
export function anyOf(nodes: readonly { readonly holds: Predicate }[]): Predicate {
  return (input) => nodes.some(({ holds }) => holds(input));
}
