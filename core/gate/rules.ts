import { configurationError, describeType, describeValue } from '../errors.ts';
import { isObject } from '../json.ts';
import { compilePolicy } from '../policy/compile.ts';
import { isPolicy, type Policy, type PolicyOptions } from '../policy/policy.ts';
import { decodePath } from './path.ts';

/** Who may see a path: everybody, whoever comes through Pomerium, or whom a policy (compiled, or as parsed PPL) allows. */
export type PathAccess = 'public' | 'authenticated' | Policy | object;

/** A line of the table: an exact path, or a prefix, which holds at whole segments (`/admin` for `/admin` and `/admin/x`). */
export type PathRule =
  | { readonly path: string; readonly prefix?: never; readonly access: PathAccess }
  | { readonly prefix: string; readonly path?: never; readonly access: PathAccess };

export interface PathRules {
  /** What the first rule for the URL's path says; for a path without a rule, a policy that allows nothing. */
  accessTo(url: string): 'public' | 'authenticated' | Policy;
}

interface CompiledRule {
  readonly access: 'public' | 'authenticated' | Policy;
  /** Whether it is for a path as it was sent. */
  readonly fitsSent: (path: string) => boolean;
  /** Whether it is for a path that `normalizePath` gave. */
  readonly fitsNormalized: (path: string) => boolean;
}

const NOBODY = compilePolicy({});

/**
 * A table of rules, the first that fits decides, and nothing is allowed where none does. A path is read twice: as it was
 * sent, and decoded, with slashes, dot segments, path parameters and case made one. A path for which the two readings
 * lead to different rules is refused, since the service behind could read it either way (CVE-2026-41248, CVE-2023-27487).
 *
 * @throws {PomeriumError} `invalid_configuration`
 *
 * @example
 * ```ts
 * const rules = compilePathRules([
 *   { path: '/healthz', access: 'public' },
 *   { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
 *   { prefix: '/', access: 'authenticated' },
 * ])
 * ```
 */
export function compilePathRules(rules: readonly PathRule[], options: PolicyOptions = {}): PathRules {
  if (!Array.isArray(rules)) throw ruleError('rules', `must be a list; it is ${describeType(rules)}`);
  const compiled = rules.map((rule, i) => compileRule(rule, `rules[${i}]`, options));
  return Object.freeze({
    accessTo(url: string) {
      const sent = URL.canParse(url) ? new URL(url).pathname : url.replace(/[?#].*$/s, '');
      const normalized = normalizePath(sent);
      const rule = compiled.find(({ fitsSent }) => fitsSent(sent));
      const isSame = normalized !== undefined && rule === compiled.find((one) => one.fitsNormalized(normalized));
      return rule && isSame ? rule.access : NOBODY;
    },
  });
}

function compileRule(rule: unknown, at: string, options: PolicyOptions): CompiledRule {
  const { path, prefix, access, ...more } = isObject(rule) ? rule : {};
  const text = path ?? prefix;
  if (Object.keys(more).length > 0 || (path === undefined) === (prefix === undefined) || typeof text !== 'string') {
    throw ruleError(at, 'must have a path or a prefix, an access, and nothing else');
  }
  if (!/^\/(?!\/)/.test(text) || /[?#;\\%]|\/\/|\/\.{1,2}(\/|$)/.test(text)) {
    throw ruleError(at, `has ${describeValue(text)}, which is no plain path; write it as in /admin, without encoding`);
  }
  const sent = new URL(text, 'https://a').pathname;
  const fits = path === undefined ? beginsWith : is;
  return {
    access: compileAccess(access, at, options),
    fitsSent: fits(sent),
    fitsNormalized: fits(text.toLowerCase()),
  };
}

function is(path: string): (requested: string) => boolean {
  return (requested) => requested === path;
}

function beginsWith(prefix: string): (requested: string) => boolean {
  const root = prefix.replace(/\/$/, '');
  return (requested) => requested === root || requested.startsWith(`${root}/`);
}

function compileAccess(access: unknown, at: string, options: PolicyOptions): CompiledRule['access'] {
  if (access === 'public' || access === 'authenticated') return access;
  if (isPolicy(access)) return access;
  if (typeof access === 'object' && access !== null) return compilePolicy(access, options);
  throw ruleError(at, `has the access ${describeValue(access)}; write public, authenticated or a policy`);
}

function ruleError(at: string, what: string): Error {
  return configurationError(
    `${at} ${what}. A rule is { path: '/healthz', access: 'public' } or { prefix: '/', access: 'authenticated' }.`,
    { path: at },
  );
}

/** More than once encoded is enough to ask twice what was meant; more often than this nobody means anything. */
const MAX_DECODINGS = 3;

/**
 * The path as the most generous server would read it: percent-encoding taken off until there is none, backslashes as
 * slashes, no path parameters (`;x=1`), single slashes, dot segments resolved, lower case. Undefined where it cannot be read.
 */
function normalizePath(sent: string): string | undefined {
  let path: string | undefined = sent;
  for (let i = 0; /%[0-9a-f]{2}/i.test(path) || i === 0; i++) {
    path = i < MAX_DECODINGS ? decodePath(path) : undefined;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no path has these on purpose
    if (path === undefined || /[\0-\x1f\x7f\ufffd]/.test(path)) return undefined;
  }
  const segments: string[] = [];
  const parts = path.toLowerCase().replaceAll('\\', '/').split('/');
  for (const part of parts) {
    const segment = part.replace(/;.*$/s, '');
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const isFolder = segments.length > 0 && /^(\.{0,2})(;.*)?$/s.test(parts.at(-1) ?? '');
  return `/${segments.join('/')}${isFolder ? '/' : ''}`;
}
