import { describeType, mistakeAt } from '../errors.ts';
import { isPlainObject } from '../json.ts';
import { listHas, listIsOnly } from './lists.ts';

/** Limits on what one policy may hold: more is a mistake, or somebody else's. */
const MAX_VALUES = 1000;
const MAX_LENGTH = 4096;

export type StringMatcher = (value: string) => boolean;

/** Of a claim that is a list in one of the ways of `listHas`. */
export type ListMatcher = (claim: unknown, isJoined: boolean) => boolean;

/** Pomerium's `matchString` (`pkg/policy/criteria/matchers.go`): a bare value means `is`; all operators must hold. */
export function compileStringMatcher(data: unknown, path: string): StringMatcher {
  return compileMatcher(data, path, 'is', STRING_OPERATORS);
}

/** Pomerium's `matchStringList`: a bare value means `has`. */
export function compileListMatcher(data: unknown, path: string): ListMatcher {
  return compileMatcher(data, path, 'has', LIST_OPERATORS);
}

type Test<A extends unknown[]> = (...args: A) => boolean;
type Operators<A extends unknown[]> = ReadonlyMap<string, (value: unknown, path: string) => Test<A>>;

function compileMatcher<A extends unknown[]>(data: unknown, path: string, bare: string, known: Operators<A>): Test<A> {
  const tests = operatorsOf(data, bare).map(([operator, value, at]) => {
    const compile = known.get(operator);
    if (!compile) throw unknownOperator(path + at, operator, known);
    if (Array.isArray(value) && operator !== 'in' && operator !== 'not_in') {
      const advice = known.has('in') ? 'write in: [ … ]' : 'write a criterion for each value, under or';
      throw mistakeAt(path + at, ` must be one string; it is a list: ${advice}.`);
    }
    return compile(value, path + at);
  });
  return allOf(tests);
}

/** Operator, value, and what to add to the path. */
function operatorsOf(data: unknown, bare: string): [operator: string, value: unknown, at: string][] {
  if (!isPlainObject(data)) return [[bare, data, '']];
  return Object.entries(data).map(([operator, value]) => [operator, value, `.${operator}`]);
}

/** No operators at all hold for everything, as in Pomerium. */
function allOf<A extends unknown[]>(tests: readonly Test<A>[]): Test<A> {
  const [first, ...more] = tests;
  if (first && more.length === 0) return first;
  return (...args) => tests.every((test) => test(...args));
}

const STRING_OPERATORS: Operators<[value: string]> = new Map([
  ['is', withText(equals)],
  ['not', withText((text) => not(equals(text)))],
  ['contains', withText((text) => (value: string) => value.includes(text))],
  ['starts_with', withText((text) => (value: string) => value.startsWith(text))],
  ['ends_with', withText((text) => (value: string) => value.endsWith(text))],
  ['in', (value: unknown, path: string) => oneOf(requireStrings(value, path))],
  ['not_in', (value: unknown, path: string) => not(oneOf(requireStrings(value, path)))],
]);

const LIST_OPERATORS: Operators<[claim: unknown, isJoined: boolean]> = new Map([
  ['has', withText((text) => (claim: unknown, isJoined: boolean) => listHas(claim, isJoined, text))],
  ['exclude', withText((text) => (claim: unknown, isJoined: boolean) => !listHas(claim, isJoined, text))],
  ['is', withText((text) => (claim: unknown, isJoined: boolean) => listIsOnly(claim, isJoined, text))],
]);

function withText<T>(make: (text: string) => T): (value: unknown, path: string) => T {
  return (value, path) => make(requireString(value, path));
}

function equals(text: string): StringMatcher {
  return (value) => value === text;
}

function oneOf(texts: readonly string[]): StringMatcher {
  const set = new Set(texts);
  return (value) => set.has(value);
}

function not(matcher: StringMatcher): StringMatcher {
  return (value) => !matcher(value);
}

function requireString(value: unknown, path: string): string {
  if (typeof value !== 'string') {
    throw mistakeAt(path, ` must be a string, in quotes if need be; it is ${describeType(value)}.`);
  }
  if (value.length > MAX_LENGTH) throw mistakeAt(path, ` is longer than ${MAX_LENGTH} characters.`);
  return value;
}

function requireStrings(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value)) throw mistakeAt(path, ` must be a list of strings; it is ${describeType(value)}.`);
  if (value.length > MAX_VALUES) throw mistakeAt(path, ` has more than ${MAX_VALUES} values.`);
  return value.map((one, i) => requireString(one, `${path}[${i}]`));
}

function unknownOperator(path: string, operator: string, known: ReadonlyMap<string, unknown>): Error {
  return mistakeAt(
    path,
    `: there is no matcher ${JSON.stringify(operator)} here; write one of ${[...known.keys()].join(', ')}.`,
  );
}
