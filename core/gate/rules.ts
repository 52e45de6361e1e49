import { configurationError, describeType, describeValue, mistakeAt, PomeriumError } from '../errors.ts';
import { isObject } from '../json.ts';
import { ONE_READING } from '../policy/check.ts';
import { compilePolicy, compilePolicyAt } from '../policy/compile.ts';
import { isPolicy, type Policy, type PolicyInput, type PolicyOptions, requireAllowed } from '../policy/policy.ts';
import { isCanonical } from './path.ts';
import { isSpellingOf, pathsServed, type SpelledRule, toRuleSegments, toSegments } from './spellings.ts';

/** Who may see a path: everybody, whoever comes through Pomerium, or whom a policy (compiled, or as parsed PPL) allows. */
export type PathAccess = 'public' | 'authenticated' | Policy | object;

/** A line of the table: an exact path, or a prefix, which holds at whole segments (`/admin` for `/admin` and `/admin/x`). */
export type PathRule =
  | { readonly path: string; readonly prefix?: never; readonly access: PathAccess }
  | { readonly prefix: string; readonly path?: never; readonly access: PathAccess };

export interface PathRules {
  readonly needsPath: true;
  /** Whether one of its policies asks about the request's method, path or headers. */
  readonly needsRequest: boolean;
  /**
   * Who may see what is served for a request. `paths`: what `readPath` gives for each path that the request may be served
   * as, usually one; the strictest decides. Where one is null, nobody may, unless all paths have the same access. The answer is
   * the same object where the same rule decides alone.
   */
  accessTo(paths: readonly (string | null)[]): CompiledAccess;
}

type CompiledAccess = 'public' | 'authenticated' | Policy;

/** What a rule says. */
interface Verdict {
  readonly access: CompiledAccess;
  /** The access as requests meet it: the refusals of a policy name the rule. */
  readonly named: CompiledAccess;
}

interface CompiledRule extends SpelledRule, Verdict {
  /** The path with one slash at its end. */
  readonly folder: string;
  /** For people: where it stands, and what the operator wrote. */
  readonly name: string;
}

const NO_RULE = refuseAll('No rule is for this path.', 'a path that a rule is for, by its path or prefix');
const UNREADABLE = refuseAll(
  'The rules differ by path, and servers could read that path in different ways.',
  ONE_READING,
);

/**
 * A table of rules: the first that fits decides, and nothing is allowed where none does. A rule means what is served, not
 * one spelling of its path: `/admin` is for `/admin/`, `/ADMIN`, `/admin.json`, `/admin/index.html`, `/admin;x` and for the
 * data URLs that frameworks have for it, too. So a rule that fits such a spelling counts as well, if it stands before the
 * one that fits the path itself: of these the strictest decides, and different policies must all allow.
 *
 * @throws {PomeriumError} `invalid_configuration`, also for an empty list, for the patterns of other tools (`/admin/:path*`), and
 * for a rule that can never decide, because one before it fits all of its paths
 */
export function compilePathRules(rules: readonly PathRule[], options: PolicyOptions = {}): PathRules {
  if (!Array.isArray(rules)) throw ruleError('rules', `must be a list; it is ${describeType(rules)}`);
  if (rules.length === 0) throw ruleError('rules', 'is empty: nobody could pass');
  const compiled = rules.map((rule, i) => compileRule(rule, `rules[${i}]`, options));
  requireDecisive(compiled);
  const unreadable = verdict(accessToEverything(compiled) ?? UNREADABLE);
  return Object.freeze<PathRules>({
    needsPath: true,
    needsRequest: compiled.some(({ access }) => isPolicy(access) && access.needsRequest),
    accessTo: (paths: readonly (string | null)[]) =>
      strictest(
        paths.flatMap((path) =>
          (path === null ? [null] : pathsServed(path)).flatMap((served) =>
            served === null || isTooDeep(served) ? unreadable : verdictsOn(served, compiled),
          ),
        ),
      ),
  });
}

/** More than any page has. Each rule looks at each of them, and anybody may send thousands. */
const MAX_SEGMENTS = 256;

function isTooDeep(path: string): boolean {
  return path.split('/', MAX_SEGMENTS + 2).length > MAX_SEGMENTS + 1;
}

/** A rule that others hide would be a hole that nobody sees. */
function requireDecisive(rules: readonly CompiledRule[]): void {
  for (const [i, { isPrefix, folder, name }] of rules.entries()) {
    const hidesIt = (one: CompiledRule) =>
      one.isPrefix ? folder.startsWith(one.folder) : !isPrefix && folder === one.folder;
    const other = rules.slice(0, i).find(hidesIt);
    if (!other) continue;
    throw configurationError(
      `${name} can never decide: ${other.name} stands before it and fits all of its paths. Put the narrower rule first.`,
      { path: `rules[${i}]` },
    );
  }
}

/** The access that every path has, however it is read: undefined where paths differ. */
function accessToEverything(rules: readonly CompiledRule[]): CompiledAccess | undefined {
  const [access, ...others] = new Set(rules.map((rule) => rule.access));
  const isComplete = rules.some(({ isPrefix, folder }) => isPrefix && folder === '/');
  return isComplete && others.length === 0 ? access : undefined;
}

/** What the first rule for the path says, and what those say before it that fit the path as a spelling. */
function verdictsOn(path: string, rules: readonly CompiledRule[]): readonly Verdict[] {
  const folder = asFolder(path);
  const decisive = rules.find((rule) => (rule.isPrefix ? folder.startsWith(rule.folder) : folder === rule.folder));
  if (!decisive) return [verdict(NO_RULE)];
  const segments = toSegments(path);
  const before = rules.slice(0, rules.indexOf(decisive));
  return [...before.filter((rule) => isSpellingOf(rule, segments)), decisive];
}

function verdict(access: CompiledAccess): Verdict {
  return { access, named: access };
}

function asFolder(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function strictest(verdicts: readonly Verdict[]): CompiledAccess {
  if (verdicts.length > 0 && verdicts.every(({ access }) => access === 'public')) return 'public';
  const policies = new Map<CompiledAccess, Policy>();
  for (const { access, named } of verdicts) if (isPolicy(named)) policies.set(access, named);
  return policies.size === 0 && verdicts.length > 0 ? 'authenticated' : allOf([...policies.values()]);
}

/** A policy that allows what all of these allow; nothing where there is none. */
export function allOf(policies: readonly Policy[]): Policy {
  const [first = NO_RULE] = policies;
  if (policies.length < 2) return first;
  const decisive = (input: PolicyInput) => policies.find((policy) => !policy.decide(input).allowed) ?? first;
  return Object.freeze<Policy>({
    needsRequest: policies.some(({ needsRequest }) => needsRequest),
    needsPath: policies.some(({ needsPath }) => needsPath),
    decide: (input) => decisive(input).decide(input),
    explain: (input) => decisive(input).explain(input),
    check: (identity, request) => {
      for (const policy of policies) requireAllowed(policy, identity, request);
    },
  });
}

/** The same policy, whose refusals say of which rule it is. */
function nameRefusals(policy: Policy, name: string): Policy {
  const { needsRequest, needsPath } = policy;
  return Object.freeze<Policy>({
    needsRequest,
    needsPath,
    decide: (input) => policy.decide(input),
    explain: (input) => policy.explain(input),
    check(identity, request) {
      try {
        requireAllowed(policy, identity, request);
      } catch (cause) {
        if (!(cause instanceof PomeriumError) || cause.code !== 'policy_denied') throw cause;
        const { code, message, expected, received } = cause;
        const wanted = expected === undefined ? name : `${name}: ${expected}`;
        throw new PomeriumError(code, message, { expected: wanted, received, cause });
      }
    },
  });
}

/** A policy that allows nobody, and why not. */
export function refuseAll(message: string, expected?: string): Policy {
  return Object.freeze<Policy>({
    ...compilePolicy({}),
    check() {
      throw new PomeriumError('policy_denied', message, { expected });
    },
  });
}

function compileRule(rule: unknown, at: string, options: PolicyOptions): CompiledRule {
  const { path, prefix, access, ...more } = isObject(rule) ? rule : {};
  const text = path ?? prefix;
  if (Object.keys(more).length > 0 || (path === undefined) === (prefix === undefined) || typeof text !== 'string') {
    throw ruleError(at, 'must have a path or a prefix, an access, and nothing else');
  }
  requirePlainPath(text, at);
  const name = `${at} { ${path === undefined ? 'prefix' : 'path'}: '${describeValue(text).slice(1, -1)}' }`;
  const compiled = compileAccess(access, at, options);
  return {
    access: compiled,
    named: isPolicy(compiled) ? nameRefusals(compiled, name) : compiled,
    folder: asFolder(text),
    segments: toRuleSegments(text),
    isPrefix: path === undefined,
    name,
  };
}

/** Where the patterns of other tools begin: `*`, `^`, `|`, `[`, `.+`, `$`, `(.`, `(?`, `(a|b)`, `{a,b}`, `/:id`, `/{id}`, `/<id>`. */
const PATTERN = /[*^|[\]]|\.\+|\$$|\(+([.?[]|[^/()]*\|)|\{[^/]*,|\/(:|[{<][^/]*[}>](\/|$))/;

/** `(a|b)`, `{a,b}`; not `(?!a|b)`, which is everything else. */
const ALTERNATIVES = /^(?!.*\(\?!).*(\||\{[^/]*,)/;

/** A folder that is in no URL: a route group of Next.js, SvelteKit, Nuxt and others (`/(shop)/admin`). */
const GROUP = /\/\([\w-]+\)(?=\/|$)/g;

/** A rule that can match no path would be a hole that nobody sees. */
function requirePlainPath(text: string, at: string): void {
  const path = text.replace(GROUP, '');
  const [before = ''] = path.split(PATTERN);
  if (text.startsWith('/') && before !== text) {
    const plain = describeValue(before.replace(/[./]+$/, '') || '/').slice(1, -1);
    const advice = path.length < 2 || ALTERNATIVES.test(text) ? 'one rule for each path' : `prefix: '${plain}'`;
    throw ruleError(at, `has ${describeValue(text)}, which is a pattern and would match no path; write ${advice}`);
  }
  // Windows drops dots and spaces at the end of a segment.
  if (!isCanonical(text) || /[?#;]|[. ](\/|$)/.test(text)) {
    throw ruleError(at, `has ${describeValue(text)}, which is no plain path; write it as in /admin, without encoding`);
  }
}

function compileAccess(access: unknown, at: string, options: PolicyOptions): CompiledAccess {
  if (access === 'public' || access === 'authenticated') return access;
  if (isPolicy(access)) return access;
  if (typeof access === 'object' && access !== null) return compilePolicyAt(`${at}.access`, access, options);
  throw ruleError(at, `has the access ${describeValue(access)}; write public, authenticated or a policy`);
}

function ruleError(at: string, what: string): Error {
  return mistakeAt(
    at,
    ` ${what}. A rule is { path: '/status', access: 'public' } or { prefix: '/', access: 'authenticated' }.`,
  );
}
