import { authorityOf } from '../authority.ts';
import { type RequestLike, readHosts } from '../gate/headers.ts';
import { decodePath, isCanonical, pathText } from '../gate/path.ts';
import type { RequestInfo } from '../policy/policy.ts';
import type { Globals } from './configuration.ts';
import { mayBePomeriumPath, spellingsOf, toEnvoyPath } from './paths.ts';

/** What of a request the routes are asked about. */
export interface RoutedRequest extends RequestInfo, Pick<Partial<RequestLike>, 'url'> {
  /** Targets of this service, of which an image optimiser may serve a copy: a route must lead to each. */
  readonly images?: readonly string[];
}

/** How Envoy reads paths. */
export type PathGlobals = Pick<Globals, 'normalizesPath' | 'refusesEscapedSlashes'>;

/** A target as routes are looked up for it. `path`: what a policy is asked about, decoded. */
export type Target =
  /** `spellings`: the texts that Envoy may have held against the routes. */
  | { readonly kind: 'path'; readonly path: string; readonly spellings: readonly string[] }
  /** Nobody can tell which texts these are. `path`: null where servers could read it in different ways. */
  | { readonly kind: 'unclear'; readonly path: string | null }
  /** None was given. */
  | { readonly kind: 'missing'; readonly path?: undefined }
  /** Envoy refuses it, or may make a path of it that Pomerium answers itself: no route is for it. */
  | { readonly kind: 'answered'; readonly path?: undefined };

const UNREADABLE: Target = { kind: 'unclear', path: null };
const ANSWERED: Target = { kind: 'answered' };

/** The targets of one request. Each list is judged by a rule of its own, see `check` of the judge. */
export interface Targets {
  /** What the client may have sent through Envoy: one of these, at least one. */
  readonly sent: readonly Target[];
  /** What the service may serve it as, beside what was sent. */
  readonly aliases: readonly Target[];
  /** The images of this service of which it may serve a copy. */
  readonly images: readonly Target[];
}

export function readTargets(request: RoutedRequest, globals: PathGlobals): Targets {
  // Nobody sent these through Envoy, which answers none then: the service itself may serve any path for them.
  const readUnsent = (url: string) => readUrl(url, globals, UNREADABLE);
  return {
    sent: readSent(request, globals),
    aliases: (request.aliases ?? []).map(readUnsent),
    images: (request.images ?? []).map(readUnsent),
  };
}

/** The path that a policy is asked about: null where there are several. What Envoy or Pomerium would have answered was not sent. */
export function onePathOf({ sent, aliases, images }: Targets): string | null | undefined {
  const [first, ...others] = [...sent, ...aliases, ...images].filter(({ kind }) => kind !== 'answered');
  return others.every(({ path }) => path === first?.path) ? first?.path : null;
}

function readSent({ url, path, targets }: RoutedRequest, globals: PathGlobals): Target[] {
  const urls = targets ?? (typeof url === 'string' ? [url] : []);
  // An empty list is none: a request without any target would need no route.
  if (urls.length > 0) return urls.map((one) => readUrl(one, globals, ANSWERED));
  if (path === undefined) return [{ kind: 'missing' }];
  if (typeof path !== 'string' || !isCanonical(path)) return [UNREADABLE];
  // Any letter of it may have been escaped without normalize_path, and any slash where Envoy keeps these: other routes are for it then.
  const isEscapeKnown = globals.normalizesPath && (globals.refusesEscapedSlashes || path.lastIndexOf('/') === 0);
  // A URL's query that was left in the path looks like an escaped `?` of the path.
  const isSure = isEscapeKnown && !/[?#]/.test(path);
  return [isSure ? { kind: 'path', path, spellings: spellingsOf(path) } : { kind: 'unclear', path }];
}

/** `answered`: what to give where Envoy or Pomerium would answer it. */
function readUrl(url: string, globals: PathGlobals, answered: Target): Target {
  const text = pathText(url);
  const path = decodePath(text);
  if (path !== null) return { kind: 'path', path, spellings: [toEnvoyPath(text, globals)] };
  const isRefused = /%00/.test(text) || (globals.refusesEscapedSlashes && /%(2f|5c)/i.test(text));
  return isRefused || mayBePomeriumPath(text) ? answered : UNREADABLE;
}

/**
 * The port that was asked for, which no assertion has: known where the request itself names the host that the assertion is
 * for.
 */
export function portOf({ url, headers }: RoutedRequest, audience: string): string | undefined {
  const ofUrl = portAt(typeof url === 'string' ? authorityOf(url) : undefined, audience);
  const ofHeader = portAt(headers && readHosts(headers), audience);
  if (ofUrl !== undefined && ofHeader !== undefined && ofUrl !== ofHeader) return undefined;
  return ofUrl ?? ofHeader;
}

function portAt(authority: string | undefined, audience: string): string | undefined {
  const [, host, port = '443'] = /^([^:]*)(?::(\d+))?$/.exec(authority ?? '') ?? [];
  return host?.toLowerCase() === audience.toLowerCase() ? port : undefined;
}
