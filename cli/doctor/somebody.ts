import type { JsonObject } from '../../core/json.ts';
import { IDENTITIES } from '../../testing/identities.ts';
import { identityOf, readClaimsFile } from '../identity-file.ts';
import { UsageError } from '../output.ts';

export interface SomebodyOptions {
  /** A file with claims. */
  readonly as?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly key?: string | undefined;
}

/** Of an assertion rather than of a person; in a file where somebody saved the claims of one. */
const OF_ASSERTION: readonly string[] = ['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'];

/**
 * Claims of whoever must get in, where that is said. What `--as` leaves out, that person has not; `--groups` alone are those of
 * the person whom `sign` signs for.
 * @throws {UsageError}
 */
export async function readSomebody({ as, groups, key }: SomebodyOptions): Promise<JsonObject | undefined> {
  if (as === undefined && groups === undefined) return undefined;
  if (key === undefined) throw new UsageError('--as and --groups are for --key, which signs for that person.');
  const person = as === undefined ? IDENTITIES.user : await readPerson(as);
  return { ...person, ...(groups && { groups: [...groups] }) };
}

async function readPerson(path: string): Promise<JsonObject> {
  const claims = Object.entries(await readClaimsFile(path)).filter(([name]) => !OF_ASSERTION.includes(name));
  const person: JsonObject = Object.fromEntries(claims);
  const user = person['user'] ?? person['sub'] ?? 'u-doctor';
  const whole = { email: '', groups: [], name: '', sid: 's-doctor', sub: user, user, ...person };
  identityOf(whole, path);
  return whole;
}
