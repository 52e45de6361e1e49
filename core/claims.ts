import { decodeText } from './base64url.ts';
import { describeType, describeValue, PomeriumError } from './errors.ts';
import { deepFreeze, type JsonObject, parseObject } from './json.ts';

/** What the claims must say. Times in seconds. */
export interface ClaimRules {
  readonly audiences: ReadonlySet<string>;
  /** Who may have issued an assertion for one of these audiences. */
  readonly issuersFor: (audiences: readonly string[]) => ReadonlySet<string>;
  /** What judges audience and issuer instead. `asked`: where the request was sent. */
  readonly routes?: { requireIssued(claims: Pick<Claims, 'iss' | 'aud'>, asked: readonly string[]): void } | undefined;
  readonly clockTolerance: number;
  readonly maxTokenAge: number | undefined;
  readonly allowAnonymous: boolean;
}

/** The claims of an assertion whose signature is valid and whose types are right; the values are not judged yet. */
export interface Claims {
  readonly exp: number;
  readonly iat: number;
  readonly nbf: number | undefined;
  readonly iss: string | undefined;
  readonly aud: readonly string[];
  /** The empty string when nobody is signed in (`getJWTPayloadUser`). */
  readonly sub: string;
  readonly user: string | undefined;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly groups: readonly string[];
  readonly sid: string | undefined;
  readonly jti: string | undefined;
  /** The whole payload, frozen. */
  readonly all: JsonObject;
}

/** Claims that `checkClaims` accepted: they have one of the configured issuers. */
export type CheckedClaims = Claims & { readonly iss: string };

/** Reads the payload. Only called once the signature is verified; all that it refuses is `invalid_claims`. */
export function parseClaims(payloadSegment: string): Claims {
  const all = parseObject(decodePayload(payloadSegment));
  if (!all) throw invalid('The payload is not a JSON object.');
  return {
    exp: requireTime(all, 'exp'),
    iat: requireTime(all, 'iat'),
    nbf: all['nbf'] === undefined ? undefined : requireTime(all, 'nbf'),
    iss: optionalString(all, 'iss'),
    aud: typeof all['aud'] === 'string' ? Object.freeze([all['aud']]) : stringList(all, 'aud'),
    sub: optionalString(all, 'sub') ?? '',
    user: optionalString(all, 'user'),
    email: optionalString(all, 'email'),
    name: optionalString(all, 'name'),
    // Pomerium v0.10 wrote null for a directory user without groups.
    groups: all['groups'] === null ? Object.freeze([]) : stringList(all, 'groups'),
    sid: optionalString(all, 'sid'),
    jti: optionalString(all, 'jti'),
    all: deepFreeze(all),
  };
}

/**
 * Judges the claims, in this order: times, audience, issuer, subject. The audience stands before the issuer, since a wrong
 * `audience` is the likeliest mistake, and the default issuers are made of it. `now` in seconds. `hosts`: where the request
 * was sent; of several audiences it must be for those, since each is a route of its own, with its own policy.
 */
export function checkClaims(
  claims: Claims,
  rules: ClaimRules,
  now: number,
  hosts: readonly string[],
): asserts claims is CheckedClaims {
  checkTimes(claims, rules, now);
  if (rules.routes) rules.routes.requireIssued(claims, hosts);
  else checkAudienceAndIssuer(claims, rules, hosts);
  if (claims.sub === '' && !rules.allowAnonymous) {
    throw new PomeriumError(
      'anonymous',
      'The assertion is for nobody: its route lets in people who are not signed in.',
    );
  }
}

function checkAudienceAndIssuer({ aud, iss }: Claims, rules: ClaimRules, hosts: readonly string[]): void {
  const audiences = audiencesFor(hosts, rules.audiences);
  checkAudience(aud, audiences);
  checkIssuer(iss, rules.issuersFor(aud.filter((one) => audiences.has(one))));
}

/** Those of which the request may be for one: all, unless its hosts name some. Where they name two, it is for none. */
function audiencesFor(hosts: readonly string[], audiences: ReadonlySet<string>): ReadonlySet<string> {
  const named = hosts.filter((host) => [...audiences].some((audience) => hostOf(audience) === host));
  if (named.length === 0) return audiences;
  return new Set([...audiences].filter((audience) => named.every((host) => hostOf(audience) === host)));
}

/** As a request names it. Host names have no case (that of an assertion is compared exactly), and an IPv6 address has brackets there. */
function hostOf(audience: string): string {
  const name = audience.toLowerCase();
  return name.includes(':') ? `[${name}]` : name;
}

/** RFC 7519 sections 4.1.4 to 4.1.6, with the tolerance that Pomerium's documentation asks for. */
function checkTimes(claims: Claims, rules: ClaimRules, now: number): void {
  const { exp, iat, nbf } = claims;
  const { clockTolerance, maxTokenAge } = rules;
  // Each rule is put so that a clock which is no number refuses everything.
  if (!(exp > now - clockTolerance)) {
    throw timeError('expired', 'The assertion has expired.', `exp after ${now - clockTolerance}`, exp);
  }
  if (maxTokenAge !== undefined && !(now - iat <= maxTokenAge + clockTolerance)) {
    const oldest = now - maxTokenAge - clockTolerance;
    throw timeError('expired', 'The assertion is older than maxTokenAge.', `iat at or after ${oldest}`, iat);
  }
  const latest = now + clockTolerance;
  if (!(iat <= latest)) {
    throw timeError('not_yet_valid', 'The assertion was issued in the future.', `iat until ${latest}`, iat);
  }
  if (nbf !== undefined && !(nbf <= latest)) {
    throw timeError('not_yet_valid', 'The assertion is not valid yet.', `nbf until ${latest}`, nbf);
  }
}

function timeError(
  code: 'expired' | 'not_yet_valid',
  message: string,
  expected: string,
  received: number,
): PomeriumError {
  return new PomeriumError(code, `${message} Compare the clocks.`, {
    expected,
    received: describeValue(received),
  });
}

function checkIssuer(iss: string | undefined, issuers: ReadonlySet<string>): void {
  if (iss !== undefined && issuers.has(iss)) return;
  throw new PomeriumError(
    'issuer_mismatch',
    `The assertion names another issuer than the configured ones${hint(iss === undefined ? [] : [iss], issuers)}.`,
    { expected: listed(issuers), received: describeValue(iss) },
  );
}

function checkAudience(aud: readonly string[], audiences: ReadonlySet<string>): void {
  if (aud.some((one) => audiences.has(one))) return;
  throw new PomeriumError(
    'audience_mismatch',
    `The assertion is for another audience than the configured ones: audience must be the route's host${hint(aud, audiences)}.`,
    {
      expected: listed(audiences) || 'one host',
      received: aud.length > 0 ? aud.slice(0, 5).map(describeValue).join(', ') : describeValue(undefined),
    },
  );
}

/**
 * Says what a person would need long to see; Pomerium signs the host as the client spelt it.
 */
function hint(received: readonly string[], expected: ReadonlySet<string>): string {
  const without = (text: string) => text.replace(/^https?:\/\//, '').replace(/\/$/, '');
  for (const one of received) {
    for (const other of expected) {
      if (one.toLowerCase() === other.toLowerCase()) return '; only upper and lower case differ';
      if (without(one) === without(other)) return '; only the https:// and the slash differ (jwt_issuer_format)';
    }
  }
  return '';
}

function listed(values: ReadonlySet<string>): string {
  return [...values].map(describeValue).join(' or ');
}

function decodePayload(segment: string): string {
  try {
    return decodeText(segment);
  } catch {
    throw invalid('The payload is not UTF-8.');
  }
}

/** A JSON number is never NaN, but `1e999` is infinite. */
function requireTime(all: JsonObject, name: string): number {
  const value = all[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid(`The claim ${name} is not a finite number.`, `${name} in seconds`, value);
}

function optionalString(all: JsonObject, name: string): string | undefined {
  const value = all[name];
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(`The claim ${name} is not a string.`, 'a string', value);
}

function stringList(all: JsonObject, name: string): readonly string[] {
  const value = all[name];
  if (value === undefined) return Object.freeze([]);
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw invalid(`The claim ${name} is not a list of strings.`, 'a list of strings', value);
}

/** Only the type of what came is told: these claims are about a person. */
function invalid(message: string, expected?: string, received?: unknown): PomeriumError {
  return new PomeriumError('invalid_claims', message, { expected, received: expected && describeType(received) });
}
