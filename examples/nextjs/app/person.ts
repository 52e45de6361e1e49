import type { Identity } from 'pomerium-edge';

/** What of an identity a client component gets: what it shows, and nothing that only the server should know. */
export type Person = Pick<Identity, 'user' | 'name' | 'email'>;

export function toPerson({ user, name, email }: Identity): Person {
  return { user, ...(name && { name }), ...(email && { email }) };
}
