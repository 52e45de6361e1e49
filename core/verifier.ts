import { type Assertion, type HeaderMemo, parseAssertion, rememberHeader, requireOne } from './assertion.ts';
import { BoundedMap } from './bounded-map.ts';
import { type Claims, checkClaims, parseClaims } from './claims.ts';
import { configurationError, describeValue, PomeriumError } from './errors.ts';
import { callSafely, type EventRequest, type EventSubject, emitTo } from './events.ts';
import { ASSERTION_FOR_HEADER, type RequestLike, readAssertion, readHeader } from './gate/headers.ts';
import type { GateVerification } from './gate-verification.ts';
import { type Identity, type MaybeAnonymous, toIdentity } from './identity.ts';
import type { VerificationKey } from './keys/key-set.ts';
import type { KeyContext } from './keys/source.ts';
import type { RoutesVerifierOptions, VerifierOptions } from './options.ts';
import { isPolicy, type Policy, type RequestInfo, requireAllowed } from './policy/policy.ts';
import { isPromiseLike } from './promise.ts';
import { hostsOf } from './request-hosts.ts';
import { readPolicy, readVerifierOptions, type SignedInSettings, type VerifierSettings } from './settings.ts';
import { refusedEvent, verifiedEvent } from './verdict-events.ts';

/** What a verification needs beside the assertion. Make an object of its own: never pass a platform's context. */
export interface VerifyContext {
  /** What a policy may ask about; `verifyRequest` finds it out by itself. */
  requestInfo?: RequestInfo | undefined;
  /** One more compiled policy that must allow this request, after the verifier's own: that of its route, for example. */
  policy?: Policy | undefined;
  /** Keeps the runtime alive for a refresh of keys that the answer does not wait for: `(p) => ctx.waitUntil(p)`. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
  /** What events say of the request. */
  eventRequest?: EventRequest | undefined;
  /** Whether the event of a valid assertion says for whom it is. */
  logSubject?: boolean | undefined;
}

/** Verifies assertions: what `createVerifier` makes. `I`: for whom one may be, `MaybeAnonymous` where that may be nobody. */
export interface Verifier<I = Identity> {
  /**
   * Verifies the value of `x-pomerium-jwt-assertion`.
   * @throws {PomeriumError} every code but `invalid_configuration`, as a rejection; that one where a policy asks about a
   * request that it was not given, and where static keys turn out to be unusable
   */
  verify(assertion: string | null | undefined, context?: VerifyContext): Promise<I>;
  /**
   * Reads the assertion from a request's headers, refusing two of them, and verifies it.
   * @throws {PomeriumError} as `verify`
   */
  verifyRequest(request: RequestLike, context?: VerifyContext): Promise<I>;
  /**
   * Gets the keys before the first request needs them.
   * @throws {PomeriumError} `keys_unavailable`; `invalid_configuration` for static keys that turn out to be unusable
   */
  ready(context?: Pick<VerifyContext, 'waitUntil'>): Promise<void>;
}

/**
 * Makes a verifier. Create it once: it caches the keys.
 *
 * @throws {PomeriumError} `invalid_configuration` at once, for options that cannot work
 *
 * @example
 * ```ts
 * const verifier = createVerifier({ audience: 'app.corp.example.com' })
 * const identity = await verifier.verifyRequest(request)
 * ```
 */
export function createVerifier(options: VerifierOptions & { allowAnonymous?: false }): Verifier<Identity>;
export function createVerifier(
  options: (VerifierOptions | RoutesVerifierOptions) & { allowAnonymous: false },
): Verifier<Identity>;
export function createVerifier(options: VerifierOptions | RoutesVerifierOptions): Verifier<MaybeAnonymous>;
export function createVerifier(options: VerifierOptions | RoutesVerifierOptions): Verifier<MaybeAnonymous> {
  return new AssertionVerifier(readVerifierOptions(options), 'assertion');
}

/** For settings that refuse an assertion for nobody. */
function makeVerifier(settings: SignedInSettings, subject: EventSubject): Verifier<Identity>;
function makeVerifier(settings: VerifierSettings, subject: EventSubject): Verifier<MaybeAnonymous> {
  return new AssertionVerifier(settings, subject);
}

/** A token that `key` verified, so that verifying it again costs neither signature nor parsing. */
interface Remembered {
  readonly assertion: Assertion;
  readonly key: VerificationKey;
  readonly claims: Claims;
  readonly identity: MaybeAnonymous;
}

/** A small cache is enough: Pomerium signs a new token for every request, and only a proxy and what is behind it share one. */
const MAX_REMEMBERED = 256;
const MAX_REMEMBERED_CHARACTERS = 1_048_576;

type VerifierContext = VerifyContext & GateVerification;

class AssertionVerifier implements Verifier<MaybeAnonymous> {
  readonly #settings: VerifierSettings;
  readonly #subject: EventSubject;
  readonly #headers: HeaderMemo = new Map();
  readonly #remembered = new BoundedMap<Remembered>(MAX_REMEMBERED, MAX_REMEMBERED_CHARACTERS);
  /** Verifies the assertion of the user for whom a caller acts, and says who may. */
  readonly #onBehalfOf: { readonly verifier: Verifier<Identity>; readonly callers: Policy } | undefined;

  constructor(settings: VerifierSettings, subject: EventSubject) {
    this.#settings = settings;
    this.#subject = subject;
    this.#onBehalfOf = settings.onBehalfOf && {
      verifier: makeVerifier(settings.onBehalfOf.settings, 'on-behalf-of'),
      callers: settings.onBehalfOf.callers,
    };
  }

  async verifyRequest(request: RequestLike, context: VerifierContext = {}): Promise<MaybeAnonymous> {
    // A policy reads from the request what it asks about. A waitUntil is called on its own object: workerd refuses one
    // that was taken off it.
    const own: VerifierContext = {
      ...context,
      requestInfo: context.requestInfo ?? request,
      waitUntil: (promise) => context.waitUntil?.(promise),
    };
    const assertion = readAssertion(request.headers);
    const identity = await this.#verify(assertion, own, request);
    const onBehalfOf = this.#onBehalfOf;
    const original = onBehalfOf && readHeader(request.headers, ASSERTION_FOR_HEADER);
    if (!original) return identity;
    // The caller must be one that may act for others before anything of the original user's assertion counts.
    this.#requireCaller(onBehalfOf.callers, identity, own);
    const { waitUntil, eventRequest, logSubject } = own;
    const user = await onBehalfOf.verifier.verify(original, { waitUntil, eventRequest, logSubject });
    return Object.freeze({ ...identity, onBehalfOf: user });
  }

  verify(value: string | null | undefined, context: VerifierContext = {}): Promise<MaybeAnonymous> {
    return this.#verify(value, context);
  }

  /** The steps, in order. Nothing is read from the payload before the signature is verified. */
  async #verify(
    value: string | null | undefined,
    context: VerifierContext,
    request?: RequestLike,
  ): Promise<MaybeAnonymous> {
    const keyContext = this.#keyContext(context);
    let verified: MaybeAnonymous | undefined;
    try {
      // It would not be asked.
      if (isPolicy(context) || 'allow' in context || 'deny' in context)
        throw configurationError('The context is a policy; write { policy }.');
      const { audiences, routes } = this.#settings;
      const hosts = request && (audiences.size > 1 || routes || context.requireHost) ? hostsOf(request) : [];
      const text = requireOne(value, request);
      const remembered = this.#remembered.get(text);
      const assertion = remembered?.assertion ?? parseAssertion(text, this.#headers);

      this.#checkAlgorithm(assertion);
      const { keys, severalKeys } = this.#settings;
      const found = keys.find(assertion.header, keyContext);
      let key = isPromiseLike(found) ? await found : found;
      checkKeyAlgorithm(assertion, key);

      // Remembered only as long as the very key that verified it is still in the key set.
      const isRemembered = remembered?.key === key;
      if (!isRemembered) {
        const result = key.verify(assertion.signatureSegment, assertion.signingInput);
        // On Node.js it is a boolean: nothing is awaited when the keys are in memory.
        const isValid = isPromiseLike(result) ? await result : result;
        const other = isValid === true ? key : await severalKeys?.findOther(key, assertion, keyContext);
        if (!other) throw invalidSignature();
        key = other;
      }

      const claims = isRemembered ? remembered.claims : parseClaims(assertion.payloadSegment);
      checkClaims(claims, this.#settings, this.#settings.now(), hosts);
      if (severalKeys) await severalKeys.requireOwn(key, assertion, { issuer: claims.iss, context: keyContext });

      const identity = isRemembered ? remembered.identity : toIdentity(claims);
      if (!isRemembered) this.#remember(text, { assertion, key, claims, identity });
      verified = identity;
      for (const policy of [this.#settings.policy, readPolicy('policy', context.policy)]) {
        if (policy) requireAllowed(policy, identity, context.requestInfo);
      }
      const route = this.#settings.routes?.check(identity, context.requestInfo ?? {}, context.anyRoute);
      keyContext.emit?.(verifiedEvent(this.#subject, { key, cached: isRemembered, identity, route }, context));
      return route ? Object.freeze({ ...identity, route }) : identity;
    } catch (error) {
      if (error instanceof PomeriumError) {
        // Not thrown where it cannot be set: a key source may throw one error for both subjects, or a frozen one.
        Reflect.defineProperty(error, 'subject', { value: this.#subject, configurable: true });
        if (!context.expectNobody || error.code !== 'anonymous') this.#report(error, this.#subject, verified, context);
      }
      throw error;
    }
  }

  async ready(context: Pick<VerifyContext, 'waitUntil'> = {}): Promise<void> {
    await Promise.all([
      this.#settings.keys.ready(this.#keyContext(context)),
      this.#onBehalfOf?.verifier.ready(context),
    ]);
  }

  #checkAlgorithm({ header }: Assertion): void {
    const { algorithms } = this.#settings;
    if (algorithms.has(header.algorithm)) return;
    throw new PomeriumError(
      'unsupported_algorithm',
      'The assertion is signed with an algorithm that the option algorithms does not name.',
      { expected: [...algorithms].join(' or '), received: describeValue(header.algorithm) },
    );
  }

  #remember(text: string, entry: Remembered): void {
    rememberHeader(this.#headers, entry.assertion);
    this.#remembered.set(text, entry);
  }

  #keyContext(context: Pick<VerifyContext, 'waitUntil'>): KeyContext {
    // One that was taken off its context throws: that must not cost anybody an answer.
    const waitUntil = (promise: Promise<unknown>) => callSafely(() => context.waitUntil?.(promise));
    return { now: this.#settings.now, waitUntil, emit: emitTo(this.#settings.onEvent, waitUntil) };
  }

  /** That the policy lets the caller act for others; its refusal is an event about the assertion on behalf of a user. */
  #requireCaller(callers: Policy, identity: MaybeAnonymous, context: VerifierContext): void {
    try {
      requireAllowed(callers, identity, context.requestInfo);
    } catch (error) {
      if (error instanceof PomeriumError) this.#report(error, 'on-behalf-of', identity, context);
      throw error;
    }
  }

  /** Tells of a refusal. `verified`: whose assertion it is, where that held. */
  #report(
    error: PomeriumError,
    subject: EventSubject,
    verified: MaybeAnonymous | undefined,
    context: VerifierContext,
  ): void {
    const denied = error.code === 'policy_denied' ? verified : undefined;
    if (denied) context.onDenied?.(denied);
    this.#keyContext(context).emit?.(refusedEvent(subject, { error, denied }, context));
  }
}

/** The key's own algorithm decides; the header may only agree with it (CVE-2015-9235, CVE-2026-22817). */
function checkKeyAlgorithm({ header }: Assertion, key: VerificationKey): void {
  if (header.algorithm === key.algorithm) return;
  throw new PomeriumError('unsupported_algorithm', 'The assertion names another algorithm than its key is for.', {
    expected: key.algorithm,
    received: describeValue(header.algorithm),
  });
}

function invalidSignature(): PomeriumError {
  return new PomeriumError(
    'invalid_signature',
    'The signature is not valid under the key that the assertion names: it was altered, or another key signed it.',
  );
}
