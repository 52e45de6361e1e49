import type { Identity } from '../../core/identity.ts';

/** What of an identity a browser gets: what a page shows of somebody, and no group, session, token or other claim. */
export interface ClientIdentity {
  /** The user's id, the same for every sign-in. */
  readonly user: string;
  readonly email?: string;
  readonly name?: string;
  /** The URL (`https`) of a picture of them, where Pomerium is told to hand the claim `picture` on (`jwt_claims_headers`). */
  readonly picture?: string;
}

/**
 * The part of an identity that a browser may have, made on the server: whatever a client component gets as a prop is sent to
 * the browser whole. Undefined for nobody.
 *
 * @example
 * ```tsx
 * <IdentityProvider identity={getIdentity().then(toClientIdentity)}>
 * ```
 */
export function toClientIdentity(identity: Identity): ClientIdentity;
export function toClientIdentity(identity: Identity | undefined): ClientIdentity | undefined;
export function toClientIdentity(identity: Identity | undefined): ClientIdentity | undefined {
  if (!identity) return undefined;
  const { user, email, name, claims } = identity;
  const picture = pictureIn(claims['picture']);
  return { user, ...(email && { email }), ...(name && { name }), ...(picture && { picture }) };
}

/** Nothing that is no address of a picture: it becomes an attribute of somebody's page. */
function pictureIn(claim: unknown): string | undefined {
  if (typeof claim !== 'string' || !URL.canParse(claim)) return undefined;
  const { protocol, href } = new URL(claim);
  return protocol === 'https:' ? href : undefined;
}
