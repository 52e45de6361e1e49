import { mistakeAt } from '../errors.ts';
import { encodePath, isCanonical } from '../gate/path.ts';
import { compileRegex, RegexError } from './regex.ts';
import { join, readText, type Section } from './settings.ts';

/**
 * Which paths a route is for. Of several settings Pomerium uses one: `regex` before `path` before `prefix` (`mkRouteMatch` in
 * config/envoyconfig/routes.go). They are held against the escaped path, with case, and a prefix is just text.
 */
export interface PathMatch {
  readonly by: 'regex' | 'path' | 'prefix';
  readonly text: string;
  /** Every path that matches begins with this. */
  readonly literal: string;
  matches(path: string): boolean;
}

/** @throws {PomeriumError} `invalid_configuration` for a regular expression that RE2 refuses, or that cannot be matched here */
export function readPathMatch(section: Section): PathMatch {
  const regex = readText(section, 'regex');
  if (regex !== undefined) return regexMatch(regex, join(section.at, 'regex'));
  const path = readText(section, 'path');
  if (path !== undefined) return { by: 'path', text: path, literal: path, matches: (other) => other === path };
  const prefix = readText(section, 'prefix') ?? '/';
  return { by: 'prefix', text: prefix, literal: prefix, matches: (other) => other.startsWith(prefix) };
}

function regexMatch(text: string, at: string): PathMatch {
  try {
    const { literalPrefix, matches } = compileRegex(text);
    return { by: 'regex', text, literal: literalPrefix, matches };
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw mistakeAt(at, ` cannot be used: ${error.message}.`);
  }
}

/** How a route changes the path before the service sees it. */
export interface Rewrite {
  /** What the path may have been, for one that the service sees; undefined: that cannot be told. */
  before(path: string): string | undefined | 'impossible';
}

/** `getRewriteOptions` in config/envoyconfig/routes.go; a path in `to` is a rewrite of the prefix, too. */
export function readRewrite(section: Section, { by, text }: PathMatch): Rewrite | undefined {
  const prefixRewrite = readText(section, 'prefix_rewrite');
  const pattern = readText(section, 'regex_rewrite_pattern');
  if (prefixRewrite !== undefined && pattern !== undefined) {
    const path = join(section.at, 'prefix_rewrite');
    throw mistakeAt(path, ' and regex_rewrite_pattern exclude each other; take one out.');
  }
  if (pattern !== undefined) {
    const start = (readText(section, 'regex_rewrite_substitution') ?? '').replace(/[^\w./~-].*/s, '');
    // With an alternative or a repeat behind it, ^ may not count.
    const isWhole = /^\^(?![*+?{])[^|]*$/.test(pattern);
    return { before: (path) => (isWhole && !path.startsWith(start) ? 'impossible' : undefined) };
  }
  const target = prefixRewrite ?? pathOfTarget(section.values['to']);
  if (target === '' || (by !== 'regex' && target === text)) return undefined;
  // Envoy writes it as it stands, and the path of a request may be without its needless escapes.
  const targets = [target, toEnvoyPath(target, { normalizesPath: true })];
  return {
    before(path) {
      const found = targets.find((one) => (by === 'prefix' ? path.startsWith(one) : path === one));
      if (found === undefined) return 'impossible';
      if (by === 'prefix') return text + path.slice(found.length);
      // Envoy replaces the whole path.
      return by === 'path' ? text : undefined;
    },
  };
}

/** The path of the first target: `http://host/path?query,weight`. Of routes that are not decided here, it may be anything. */
export function pathOfTarget(to: unknown): string {
  const [first] = [to].flat();
  if (typeof first !== 'string') return '';
  return /:\/\/[^/?#]*([^?#]*)/.exec(first.replace(/,\d+$/, ''))?.[1] ?? '';
}

/** Characters that need no escape anywhere (RFC 3986 section 2.3): Envoy undoes theirs before any route is looked at. */
const UNRESERVED = /[\w.~-]/;

/** The text of a canonical path as Envoy holds it against routes: still escaped, but for what needs no escape. */
export function toEnvoyPath(path: string, { normalizesPath }: { readonly normalizesPath: boolean }): string {
  if (!/%|"|[^!-~]/.test(path)) return path;
  const whole = path.replace(/"|[^!-~]/gu, encodeURIComponent);
  return normalizesPath ? withoutNeedlessEscapes(whole) : whole;
}

function withoutNeedlessEscapes(path: string): string {
  return path.replace(/%([\da-f]{2})/gi, (escaped, hex) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : escaped;
  });
}

/** The ways in which a client may have written a path that is decoded already; of one without one reading, a text that has none either. */
export function spellingsOf(decoded: string): string[] {
  if (!isCanonical(decoded)) return [encodePath(decoded)];
  const full = decoded.split('/').map(encodeURIComponent).join('/');
  const lower = (path: string) => path.replace(/%../g, (escaped) => escaped.toLowerCase());
  const spelled = toEnvoyPath(encodePath(decoded), { normalizesPath: false });
  return [...new Set([spelled, lower(spelled), full, lower(full)])];
}

/**
 * Whether Pomerium answers a path itself, on every host (`buildPomeriumHTTPRoutes` in config/envoyconfig/routes.go): nothing
 * behind it is ever asked for it.
 */
export function isPomeriumPath(
  path: string,
  host: { readonly isAuthenticate: boolean; readonly isMcp: boolean },
): boolean {
  if (/^\/(ping|healthz|(\.pomerium|\.well-known\/pomerium)(\/.*)?)$/s.test(path)) return true;
  if (host.isAuthenticate && /^\/(oauth2\/callback|robots\.txt)?$/.test(path)) return true;
  return host.isMcp && /^\/\.well-known\/oauth-(authorization-server$|protected-resource)/.test(path);
}

/** Whether Envoy could make such a path of one that has no one reading, as of `/./ping`. */
export function mayBePomeriumPath(text: string): boolean {
  return /[/\\](ping|healthz)$|\.pomerium|\.well-known/.test(withoutNeedlessEscapes(text));
}
