import { BoundedMap, getOrMake } from '../bounded-map.ts';
import { describeValue, PomeriumError } from '../errors.ts';
import type { HostLookup, VirtualHost } from './hosts.ts';
import type { Route } from './route.ts';
import type { Wanted } from './wanted.ts';

/** A host that an assertion may be for, and by what it is judged where the port is unknown. */
export interface Audience {
  readonly name: string;
  readonly hosts: readonly VirtualHost[];
  /** What Pomerium signs as `iss` for it. */
  readonly issuers: ReadonlySet<string>;
}

/** The hosts of the routes, as assertions name them. */
interface Audiences {
  /** Those of the hosts that are wanted by which a request for this name may have come. */
  hostsFor(name: string, port: string | undefined): readonly VirtualHost[];
  /**
   * The one that an assertion is for.
   * @throws {PomeriumError} `audience_mismatch`
   */
  audienceOf(aud: readonly string[]): Audience;
}

const MAX_AUDIENCES = 512;

/** Remembers what it found (bounded): the next assertion is for the same one. */
export function createAudiences(lookup: HostLookup, wanted: Wanted): Audiences {
  const hostsFor = (name: string, port: string | undefined) =>
    lookup(name, port).filter((host) => wanted.isWanted(host, name));
  const makeAudience = (name: string): Audience | null => {
    // Pomerium signs the host that it was asked for: no assertion is for anything else.
    const hosts = /^[\w.-]+$/.test(name) ? hostsFor(name, undefined) : [];
    const routes = hosts.flatMap((host) => host.routes);
    if (!routes.some(({ end }) => end === 'upstream')) return null;
    return { name, hosts, issuers: new Set(routes.map((route) => issuerOf(route, name))) };
  };
  const audiences = new BoundedMap<Audience | null>(MAX_AUDIENCES, 65_536);
  const audienceOf = (aud: readonly string[]): Audience => {
    const [audience, ...others] = aud.flatMap((name) => getOrMake(audiences, name, () => makeAudience(name)) ?? []);
    if (audience && others.length === 0) return audience;
    throw new PomeriumError('audience_mismatch', 'The assertion is for another host than those of the routes.', {
      expected: wanted.names.map(describeValue).join(' or '),
      received: aud.slice(0, 5).map(describeValue).join(', ') || describeValue(undefined),
    });
  };

  return { hostsFor, audienceOf };
}

/** What Pomerium writes to `iss` on that route. */
export function issuerOf({ issuerFormat }: Route, audience: string): string {
  return issuerFormat === 'host' ? audience : `https://${audience}/`;
}
