import { PomeriumError } from '../errors.ts';
import type { GateVerification } from '../gate-verification.ts';
import type { Identity, MaybeAnonymous } from '../identity.ts';
import { compilePolicy } from '../policy/compile.ts';
import { isPolicy, type Policy } from '../policy/policy.ts';
import type { RoutedRequest } from '../routes/targets.ts';
import type { Verifier, VerifyContext } from '../verifier.ts';
import { type RequestLike, readAssertion } from './headers.ts';
import { imageSources } from './image-source.ts';
import { loggedPath } from './log.ts';
import { readPath } from './path.ts';
import { namesAnotherPath } from './path-queries.ts';
import { allOf, type PathRules } from './rules.ts';

/** A request as an adapter hands it over. `url`: absolute, or the percent-encoded target. */
export interface GateRequest extends RequestLike {
  /** More targets that the request may be served as; the strictest rule of all decides. */
  readonly aliases?: readonly string[] | undefined;
  /** How Pomerium sent it, where `url` is without a part of that (a stage, a base path): `routes` are asked about this. */
  readonly sent?: SentRequest | undefined;
  /** Where the platform may show a part of other pages. */
  readonly shownIn?: ShownIn | undefined;
}

/** Pages of which the app's router shows a part where this header goes on. It does where rules say of them no more than of the request. */
export interface ShownIn {
  /** In lower case. */
  readonly header: string;
  /** Percent-encoded. */
  readonly paths: readonly string[];
}

export interface SentRequest {
  /** The percent-encoded target; several: one of these. */
  readonly targets: readonly string[];
  /** As those of the request. */
  readonly aliases?: readonly string[] | undefined;
  /** Images of which an optimiser may serve a copy, as its query names them. By default those of the request's own query. */
  readonly images?: readonly string[] | undefined;
}

/** What the platform lends to one request. */
export interface GateContext extends Pick<VerifyContext, 'waitUntil'> {
  /** The platform's own id of the request, for the log, where it stands in no header. */
  readonly requestId?: string | undefined;
  /**
   * Whether a gate before this one has judged the request, of which URL and path are not known here, or for the log alone:
   * nobody is then no refusal, and it is enough that one of the `routes` lets somebody through.
   */
  readonly isBehindGate?: boolean | undefined;
  /** One more policy, that of a route: somebody must have come, and be allowed by it. */
  readonly policy?: Policy | undefined;
}

/** Whom a gate looks for. */
export interface IdentifySettings {
  readonly rules: PathRules | undefined;
  readonly optional: boolean;
  readonly logSubject: boolean;
}

/** Who comes. */
export interface Visitor {
  /** Undefined for nobody, where nobody may pass. */
  readonly identity?: Identity | undefined;
  /** Whether the same request would pass without an assertion: a public path, `optional`, a preflight. Never with `routes`. */
  readonly isForAnybody: boolean;
}

export const NOBODY: Visitor = { isForAnybody: true };

/** For whom the request is. Everything else is thrown. */
export async function identify(
  request: GateRequest,
  { waitUntil, requestId, policy, isBehindGate = false, onDenied }: GateContext & Pick<GateVerification, 'onDenied'>,
  verifier: Verifier<MaybeAnonymous>,
  { rules, optional, logSubject }: IdentifySettings,
): Promise<Visitor> {
  const { method, url, headers } = request;
  const read = readPaths(request);
  const access = rules?.accessTo(read.all);
  const policies = [access, policy].filter(isPolicy);
  const isPublic = access === 'public' && !policy;
  const mayBeNobody = isPublic || ((optional || isBehindGate) && !policy);
  if (mayBeNobody && !readAssertion(headers)) return NOBODY;
  try {
    const verification: VerifyContext & GateVerification = {
      // A route of Pomerium may let nobody in; a policy of this place is for somebody.
      policy: policies.length > 0 ? allOf(policy ? [SOMEBODY, ...policies] : policies) : undefined,
      waitUntil,
      requestInfo: infoOf(request, read),
      anyRoute: isBehindGate,
      eventRequest: {
        method,
        path: url === undefined ? undefined : loggedPath(read.path),
        id: requestId,
      },
      logSubject,
      expectNobody: mayBeNobody,
      onDenied,
    };
    const identity = await verifier.verifyRequest(request, verification);
    return { identity: isSomebody(identity) ? identity : undefined, isForAnybody: mayBeNobody };
  } catch (error) {
    if (!(error instanceof PomeriumError)) throw error;
    // On a public path what does not hold is not believed. Elsewhere only an assertion for nobody counts as none, and not
    // one that came for the user on whose behalf somebody calls.
    if (isPublic && error.status !== 500) return NOBODY;
    if (mayBeNobody && error.code === 'anonymous' && error.subject === 'assertion') return NOBODY;
    throw error;
  }
}

/** The header that goes on since by these rules nobody sees more with it than without. */
export function harmlessHeader(request: GateRequest, rules: PathRules): string | undefined {
  if (!request.shownIn) return undefined;
  const { header, paths } = request.shownIn;
  const own = readPaths(request).all;
  const access = rules.accessTo(own);
  // A policy about the path may allow this one, and not that of the page.
  if (isPolicy(access) && access.needsPath) return undefined;
  return access === rules.accessTo([...own, ...paths.map(readPath)]) ? header : undefined;
}

interface RequestPaths {
  readonly path: string | null;
  /** Targets that it may be served as beside those that the platform names. */
  readonly more: readonly string[];
  /** Those of them that are images. */
  readonly images: readonly string[];
  /** The paths of all that it may be served as, its own first. */
  readonly all: readonly (string | null)[];
}

function readPaths({ url, aliases = [] }: GateRequest): RequestPaths {
  const images = atMost(MAX_IMAGES, (url === undefined ? aliases : [...aliases, url]).flatMap(imageSources));
  const more = url !== undefined && namesAnotherPath(url) ? [...images, UNREADABLE] : images;
  const path = url === undefined ? null : readPath(url);
  return { path, more, images, all: [path, ...[...aliases, ...more].map(readPath)] };
}

/** An image optimiser takes one, and each of them is judged. */
const MAX_IMAGES = 8;

/** Of more than so many there is one that nobody can read. */
function atMost(limit: number, targets: readonly string[]): readonly string[] {
  return targets.length > limit ? [UNREADABLE] : targets;
}

const UNREADABLE = '';

/** What policies and routes are asked about, where it is not just the request itself. */
function infoOf(
  { method, url, headers, sent, aliases = [] }: GateRequest,
  { path, more, images }: RequestPaths,
): RoutedRequest | undefined {
  const isAlone = aliases.length === 0 && more.length === 0;
  if (url === undefined || (!sent && isAlone)) return undefined;
  return {
    method,
    path: isAlone ? path : ONE_OF_SEVERAL,
    headers,
    targets: sent?.targets ?? [url],
    aliases: [...(sent?.aliases ?? aliases), ...more],
    // The path of one that the optimiser fetches from another host, no route need know.
    images: (sent?.images ?? images).filter((image) => image.startsWith('/')),
  };
}

/** A policy about the path can be asked about one path only. */
const ONE_OF_SEVERAL = null;

/** With which only somebody passes. The verifier asks `check` alone. */
const SOMEBODY: Policy = {
  ...compilePolicy({}),
  check(identity) {
    if (isSomebody(identity)) return;
    throw new PomeriumError('anonymous', 'The assertion is for nobody, and a policy of this place is for somebody.', {
      expected: 'an assertion for somebody who is signed in',
    });
  },
};

function isSomebody(identity: MaybeAnonymous): identity is Identity {
  return identity.subject !== undefined;
}
