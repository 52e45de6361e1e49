import { base64url } from 'jose';
import { parseClaims } from '../core/claims.ts';
import { type MaybeAnonymous, toIdentity } from '../core/identity.ts';
import { isObject, type JsonObject } from '../core/json.ts';
import { readText } from './input.ts';
import { UsageError } from './output.ts';
import { requireTree } from './routes/yaml.ts';

/** Claims as JSON from a file, such as `{"email": "alice@example.com", "groups": ["admins"]}`. Throws `UsageError`. */
export async function readClaimsFile(path: string): Promise<JsonObject> {
  const text = await readText(path);
  try {
    const claims: unknown = JSON.parse(text);
    requireTree(claims);
    if (isObject(claims)) return claims;
  } catch (error) {
    throw noIdentity(path, error);
  }
  throw new UsageError(`${path} is no identity: it must be a JSON object.`);
}

/** The identity that these claims are, as a verifier would read it. Throws `UsageError`, naming the file. */
export function identityOf(claims: JsonObject, path: string): MaybeAnonymous {
  const now = Math.floor(Date.now() / 1000);
  try {
    const payload = { iat: now, exp: now + 300, ...claims };
    const parsed = parseClaims(base64url.encode(JSON.stringify(payload)));
    return toIdentity({ ...parsed, iss: parsed.iss ?? '' });
  } catch (error) {
    throw noIdentity(path, error);
  }
}

function noIdentity(path: string, error: unknown): UsageError {
  return new UsageError(`${path} is no identity: ${error instanceof Error ? error.message : typeof error}`);
}
