import { type Assertion, parseAssertion, requireOne } from '../core/assertion.ts';
import { decodeText } from '../core/base64url.ts';
import { type ClaimRules, type Claims, checkClaims, parseClaims } from '../core/claims.ts';
import { describeValue, PomeriumError } from '../core/errors.ts';
import { parseObject } from '../core/json.ts';
import type { VerificationKey } from '../core/keys/key-set.ts';
import type { KeySource } from '../core/keys/source.ts';
import { ALGORITHMS } from '../core/signature/algorithms.ts';
import { defaultIssuers } from '../core/trust-options.ts';
import { cutDeep } from './depth.ts';
import { describeTime, safeText } from './text.ts';

/** What the assertion is held against. What is not given is not checked. */
export interface Expectation {
  readonly keys: KeySource | undefined;
  readonly audiences: readonly string[];
  /** As of the verifier's rules. */
  readonly issuersFor: ClaimRules['issuersFor'];
  readonly algorithms: readonly string[];
  /** Seconds. */
  readonly clockTolerance: number;
  readonly maxTokenAge: number | undefined;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** One rule of the verifier, and what it says of this assertion. */
export interface Check {
  readonly rule: string;
  readonly verdict: 'pass' | 'fail' | 'not checked';
  /** What was found. */
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** An assertion laid open. Nothing in it is proved but by the checks. */
export interface Explanation {
  readonly header: unknown;
  readonly claims: unknown;
  readonly checks: readonly Check[];
  /** `valid` only where every check could be made, and passed; `refused` where one failed; else `unknown`. */
  readonly verdict: 'valid' | 'refused' | 'unknown';
}

/** Goes through the verifier's rules one by one, also those that come after the first that fails. Never rejects. */
export async function explain(text: string, expectation: Expectation): Promise<Explanation> {
  const checks: Check[] = [];
  const add = (check: Check) => {
    checks.push(check);
    return check.verdict === 'pass';
  };
  const [form, assertion] = attempt('form', 'one compact JWS', () => parseAssertion(requireOne(text), new Map()));
  add(form);
  if (assertion) {
    add(checkAlgorithm(assertion, expectation));
    const { check, key } = await findKey(assertion, expectation);
    add(check);
    add(await checkSignature(assertion, key));
    const [payload, claims] = attempt('claims', 'claims of the right types', () =>
      parseClaims(assertion.payloadSegment),
    );
    add(payload);
    if (claims) for (const one of checkEachClaim(claims, expectation)) add(one);
  }
  return { ...decode(text), checks, verdict: verdictOf(checks) };
}

function verdictOf(checks: readonly Check[]): Explanation['verdict'] {
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'refused';
  return checks.some(({ verdict }) => verdict === 'not checked') ? 'unknown' : 'valid';
}

/** Header and claims, as far as they can be read at all. */
function decode(text: string): { header: unknown; claims: unknown } {
  const [header, claims] = text.split('.');
  return { header: cutDeep(readMembers(header)), claims: cutDeep(readMembers(claims)) };
}

function readMembers(segment = ''): ReturnType<typeof parseObject> {
  try {
    return parseObject(decodeText(segment));
  } catch {
    return undefined;
  }
}

function attempt<T>(rule: string, detail: string, work: () => T): [Check, T | undefined] {
  try {
    const result = work();
    return [{ rule, verdict: 'pass', detail }, result];
  } catch (error) {
    return [failure(rule, error), undefined];
  }
}

function failure(rule: string, error: unknown, fix?: string): Check {
  if (!(error instanceof PomeriumError)) throw error;
  const { message, expected, received } = error;
  const came = received === undefined ? '' : ` It is ${received}.`;
  const wanted = expected === undefined ? '' : ` Expected: ${expected}.`;
  return { rule, verdict: 'fail', detail: `${message}${came}${wanted}`, ...(fix !== undefined && { fix }) };
}

function checkAlgorithm(assertion: Assertion, { algorithms }: Expectation): Check {
  const rule = 'algorithm';
  const { algorithm } = assertion.header;
  if (algorithms.includes(algorithm)) return { rule, verdict: 'pass', detail: algorithm };
  const detail = `It names ${describeValue(algorithm)}, and accepted is ${algorithms.map(safeText).join(', ')}.`;
  return { rule, verdict: 'fail', detail, fix: fixAlgorithm(assertion) };
}

function fixAlgorithm({ header: { algorithm }, payloadSegment }: Assertion): string {
  if (algorithm === 'HS256' && isSession(payloadSegment)) {
    return 'This is a session of Pomerium, not an assertion: it belongs in "Authorization: Pomerium …", in a request to Pomerium.';
  }
  if (ALGORITHMS.some((one) => one === algorithm)) {
    return `If its kid is in your JWKS, set algorithms: ['${algorithm}'] (POMERIUM_ALGORITHMS); else Pomerium did not sign it, but perhaps your identity provider.`;
  }
  return 'Pomerium never signs with this: somebody else made it.';
}

/** What Pomerium's programmatic login gives, and keeps in its cookie: signed with its shared secret (internal/sessions/state.go). */
function isSession(payloadSegment: string): boolean {
  const claims = readMembers(payloadSegment);
  return claims !== undefined && Object.hasOwn(claims, 'databroker_server_version');
}

async function findKey(
  { header }: Assertion,
  { keys, now }: Expectation,
): Promise<{ check: Check; key: VerificationKey | undefined }> {
  const rule = 'key';
  if (!keys) {
    const fix = 'Give a key, or the URL of the key set.';
    return {
      check: { rule, verdict: 'not checked', detail: 'There are no keys to check with.', fix },
      key: undefined,
    };
  }
  try {
    const key = await keys.find(header, { now: () => now, waitUntil: () => {}, emit: undefined });
    if (key.algorithm === header.algorithm)
      return { check: { rule, verdict: 'pass', detail: safeText(key.keyId) }, key };
    const detail = `The key ${describeValue(key.keyId)} is for ${key.algorithm}, and the header names ${describeValue(header.algorithm)}.`;
    return { check: { rule, verdict: 'fail', detail }, key: undefined };
  } catch (error) {
    return { check: explainKeyFailure(failure(rule, error), error), key: undefined };
  }
}

/** An assertion for which there are no keys is not refused for that: nothing of it can be told. */
function explainKeyFailure(check: Check, error: unknown): Check {
  switch (error instanceof PomeriumError && error.code) {
    case 'keys_unavailable':
      return { ...check, verdict: 'not checked', fix: 'See what "pomerium-edge jwks" says of the URL.' };
    case 'invalid_configuration':
      return { ...check, verdict: 'not checked', fix: 'Configure a key that can be used.' };
    default:
      return {
        ...check,
        fix: 'Compare the key id with those of the key set: another Pomerium signed this, or its key was rotated.',
      };
  }
}

async function checkSignature(assertion: Assertion, key: VerificationKey | undefined): Promise<Check> {
  const rule = 'signature';
  if (!key) return { rule, verdict: 'not checked', detail: 'There is no key for it: nothing below is proved.' };
  if (await key.verify(assertion.signatureSegment, assertion.signingInput)) {
    return { rule, verdict: 'pass', detail: 'It holds.' };
  }
  return {
    rule,
    verdict: 'fail',
    detail: 'It does not hold under that key: nothing below is proved.',
    fix: 'It was altered or cut after signing, or signed with another key under the same id.',
  };
}

/** Each rule for itself, in the verifier's order: all other claims are made good. */
function checkEachClaim(claims: Claims, expectation: Expectation): Check[] {
  const { now, clockTolerance, maxTokenAge, audiences } = expectation;
  const good: Claims = { ...claims, exp: now + 1, iat: now, nbf: undefined, iss: 'x', aud: ['x'], sub: 'x' };
  const rules: ClaimRules = {
    audiences: new Set(['x']),
    issuersFor: () => new Set(['x']),
    clockTolerance,
    maxTokenAge: undefined,
    allowAnonymous: false,
  };
  const check = (
    rule: string,
    detail: string,
    changes: Partial<Claims>,
    more: Partial<ClaimRules>,
    fix: string | undefined,
  ): Check => {
    const [result] = attempt(rule, detail, () => checkClaims({ ...good, ...changes }, { ...rules, ...more }, now, []));
    return result.verdict === 'fail' && fix !== undefined ? { ...result, fix } : result;
  };
  const clocks = `Pomerium signs for five minutes: get a new one, or compare the clocks (a minute of difference is allowed).`;
  const { exp, iat, nbf, iss, aud, sub } = claims;
  const routes = aud.filter((host) => audiences.includes(host));
  const issuers = [...expectation.issuersFor(routes.length > 0 ? routes : audiences)];
  // The issuer of another route comes with its audience, and is right once that is.
  const isOfAudience = routes.length === 0 && iss !== undefined && defaultIssuers(aud).has(iss);
  const issuerFix = isOfAudience ? undefined : fixIssuer(iss, issuers);
  return [
    check(
      'expiry',
      describeTime('expires', exp, now) ?? String(exp),
      { exp, iat: maxTokenAge === undefined ? now : iat },
      { maxTokenAge },
      clocks,
    ),
    check('issued', describeTime('issued', iat, now) ?? String(iat), { iat, nbf }, {}, clocks),
    audiences.length === 0
      ? notConfigured('audience', `It is ${aud.map(describeValue).join(', ')}.`)
      : check(
          'audience',
          aud.map(describeValue).join(', '),
          { aud },
          { audiences: new Set(audiences) },
          fixAudience(aud),
        ),
    issuers.length === 0
      ? notConfigured('issuer', `It is ${describeValue(iss)}.`)
      : check('issuer', describeValue(iss), { iss }, { issuersFor: () => new Set(issuers) }, issuerFix),
    check(
      'subject',
      describeValue(sub),
      { sub },
      {},
      'Nobody is signed in: take allow_public_unauthenticated_access off the route, or accept nobody with allowAnonymous.',
    ),
  ];
}

function notConfigured(rule: string, detail: string): Check {
  return { rule, verdict: 'not checked', detail, fix: 'Say which host the route has in Pomerium (audience).' };
}

function fixIssuer(iss: string | undefined, issuers: readonly string[]): string {
  if (iss === undefined) return 'Pomerium always names one: somebody else made this.';
  return `The issuer is ${describeValue(iss)}, you configured ${issuers.map(describeValue).join(' or ')}: if it is your Pomerium's, set issuer: ${describeValue(iss)} (POMERIUM_ISSUER).`;
}

function fixAudience(aud: readonly string[]): string {
  return `If ${aud.map(describeValue).join(' or ')} is your route's host, set audience to it (POMERIUM_AUDIENCE); else this is for another service.`;
}
