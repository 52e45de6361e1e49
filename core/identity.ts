import type { CheckedClaims } from './claims.ts';
import type { JsonMembers } from './json.ts';

/** For whom a request came through Pomerium, from verified claims only. Frozen; times in seconds since the epoch. */
export interface Identity {
  /** The user's id (`sub`). */
  readonly subject: string;
  /** The same id, as Pomerium's claim `user` has it. */
  readonly user: string;
  /** The e-mail address, as the identity provider has it. */
  readonly email?: string | undefined;
  /** The name that people know. */
  readonly name?: string | undefined;
  /** Group ids, followed by group names. */
  readonly groups: readonly string[];
  /** The session at Pomerium (`sid`). */
  readonly sessionId?: string | undefined;
  /** The id of this assertion (`jti`). */
  readonly tokenId?: string | undefined;
  /** Who signed it (`iss`): the route's host, or `https://host/`. */
  readonly issuer: string;
  /** The hosts that it is for (`aud`). */
  readonly audience: readonly string[];
  /** When it was signed (`iat`). */
  readonly issuedAt: number;
  /** When it ends (`exp`), without the clock tolerance. */
  readonly expiresAt: number;
  /** Every claim of the assertion, as it was signed. */
  readonly claims: JsonMembers;
  /** The user for whom this caller acts, where `onBehalfOf` is configured and such an assertion came and verified. */
  readonly onBehalfOf?: Identity | undefined;
  /** With `routes`: the one by which the request came, where that can be told. */
  readonly route?: RouteName | undefined;
}

/** A route in Pomerium, as its configuration has it. */
export interface RouteName {
  readonly from: string;
  readonly name?: string | undefined;
}

/** What `allowAnonymous: true` and `routes` give: nobody may be signed in, and then there is no subject. */
export type MaybeAnonymous = Omit<Identity, 'subject' | 'user'> & {
  readonly subject: string | undefined;
  readonly user: string | undefined;
};

/** Pomerium writes the empty string for what it does not know. */
export function toIdentity(claims: CheckedClaims): MaybeAnonymous {
  return Object.freeze({
    subject: claims.sub || undefined,
    user: claims.user || claims.sub || undefined,
    email: claims.email || undefined,
    name: claims.name || undefined,
    groups: claims.groups,
    sessionId: claims.sid || undefined,
    tokenId: claims.jti || undefined,
    issuer: claims.iss,
    audience: claims.aud,
    issuedAt: claims.iat,
    expiresAt: claims.exp,
    // Parsed from JSON, so nothing else can be in there.
    claims: claims.all as JsonMembers,
  });
}
