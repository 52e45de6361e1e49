import type { RoutedRequest } from '../routes/targets.ts';
import type { RequestLike } from './headers.ts';
import { imageSources } from './image-source.ts';
import { readPath } from './path.ts';
import { namesAnotherPath } from './path-queries.ts';

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

/**
 * What of a request is judged: the targets that it may be served as. Of a policy about the path there is an answer only where
 * the request's own target is the only one.
 *
 * | | by rules | by Pomerium's routes |
 * | --- | --- | --- |
 * | its own target | `url` | `sent.targets`, else `url` |
 * | others that the platform names | `aliases` | `sent.aliases`, else `aliases` |
 * | images of which an optimiser serves a copy | `images` | `sent.images`, else `images`, without those of other hosts |
 * | one that a query names, or one image too many | unreadable | unreadable |
 */
export interface RequestPaths {
  readonly path: string | null;
  /** Targets that it may be served as beside those that the platform names. */
  readonly more: readonly string[];
  /** Those of them that are images. */
  readonly images: readonly string[];
  /** The paths of all that it may be served as, its own first. */
  readonly all: readonly (string | null)[];
}

export function readPaths({ url, aliases = [] }: GateRequest): RequestPaths {
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
export function infoOf(
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
