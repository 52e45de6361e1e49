import { sentence } from '#sentences';
import { type Assertion, type HeaderMemo, parseAssertion, rememberHeader, requireOne } from './assertion.ts';
import { type Claims, checkClaims, parseClaims } from './claims.ts';
import { PomeriumError, shown } from './errors.ts';
import { type Emit, type EventSubject, safeEmit } from './events.ts';
import { ASSERTION_FOR_HEADER, type RequestLike, readAssertion, readHeader } from './http.ts';
import { type Identity, type MaybeAnonymous, toIdentity } from './identity.ts';
import type { VerificationKey } from './keys/key-set.ts';
import type { KeyContext } from './keys/source.ts';
import { BoundedMap } from './memo.ts';
import { readVerifierOptions, type VerifierOptions, type VerifierSettings } from './options.ts';
import { checkPolicy, type PolicyRequest, toPolicyRequest } from './policy/check.ts';
import type { Policy } from './policy/compile.ts';

/** What the platform lends to a verification. */
export interface VerifyContext {
  /** What a policy may ask about; `verifyRequest` finds it out by itself. */
  request?: PolicyRequest;
  /** One more policy that must allow this request, after the verifier's own. */
  policy?: Policy | undefined;
  /** Keeps the runtime alive for a refresh of keys that the answer does not wait for: `(p) => ctx.waitUntil(p)`. */
  waitUntil?: (promise: Promise<unknown>) => void;
}

export interface Verifier<I = Identity> {
  /** Verifies the value of `x-pomerium-jwt-assertion`. Rejects with a `PomeriumError`, whose `code` says why. */
  verify(assertion: string | null | undefined, context?: VerifyContext): Promise<I>;
  /** Reads the assertion from a request's headers, refusing two of them, and verifies it. */
  verifyRequest(request: RequestLike, context?: VerifyContext): Promise<I>;
  /** Gets the keys before the first request needs them. Rejects with `keys_unavailable`. */
  ready(context?: VerifyContext): Promise<void>;
}

/**
 * Makes a verifier: keep it, it holds the keys. Throws `invalid_configuration` at once for options that cannot work.
 *
 * @example
 * const verifier = createVerifier({ audience: 'app.corp.example.com' })
 * const identity = await verifier.verifyRequest(request)
 */
export function createVerifier(options: VerifierOptions & { allowAnonymous?: false }): Verifier<Identity>;
export function createVerifier(options: VerifierOptions): Verifier<MaybeAnonymous>;
export function createVerifier(options: VerifierOptions): Verifier<MaybeAnonymous> {
  return new AssertionVerifier(readVerifierOptions(options), 'assertion');
}

/** A token whose signature held under `key`, so that verifying it again costs neither signature nor parsing. */
interface Remembered {
  readonly assertion: Assertion;
  readonly key: VerificationKey;
  readonly claims: Claims;
  readonly identity: MaybeAnonymous;
}

/** Pomerium signs a new token for every request, so a few do: a proxy and then a server component see the same. */
const MAX_REMEMBERED = 256;
const MAX_REMEMBERED_CHARACTERS = 1_048_576;

class AssertionVerifier implements Verifier<MaybeAnonymous> {
  readonly #settings: VerifierSettings;
  readonly #subject: EventSubject;
  readonly #emit: Emit | undefined;
  readonly #headers: HeaderMemo = new Map();
  readonly #remembered = new BoundedMap<Remembered>(MAX_REMEMBERED, MAX_REMEMBERED_CHARACTERS);
  /** Verifies the assertion of the user for whom a caller acts, and says who may. */
  readonly #onBehalfOf: { readonly verifier: AssertionVerifier; readonly callers: Policy } | undefined;

  constructor(settings: VerifierSettings, subject: EventSubject) {
    this.#settings = settings;
    this.#subject = subject;
    this.#emit = safeEmit(settings.onEvent);
    this.#onBehalfOf = settings.onBehalfOf && {
      verifier: new AssertionVerifier(settings.onBehalfOf.settings, 'on-behalf-of'),
      callers: settings.onBehalfOf.callers,
    };
  }

  async verifyRequest(request: RequestLike, context: VerifyContext = {}): Promise<MaybeAnonymous> {
    const assertion = readAssertion(request.headers);
    const onBehalfOf = this.#onBehalfOf;
    const isAsked =
      this.#settings.policy?.needsRequest || context.policy?.needsRequest || onBehalfOf?.callers.needsRequest;
    // The given context may be a platform's own object: nothing is copied off it, and it is not written to.
    const waitUntil = (promise: Promise<unknown>) => context.waitUntil?.(promise);
    const inner = isAsked
      ? { waitUntil, policy: context.policy, request: context.request ?? toPolicyRequest(request) }
      : context;
    const identity = await this.verify(assertion, inner);
    const original = onBehalfOf && readHeader(request.headers, ASSERTION_FOR_HEADER);
    if (!original) return identity;
    // The caller must be one that may act for others before anything of the original user's assertion counts.
    onBehalfOf.verifier.#requireAllowed(onBehalfOf.callers, identity, inner);
    const user = await onBehalfOf.verifier.verify(original, { waitUntil });
    // Its settings let nobody be anonymous.
    return Object.freeze({ ...identity, onBehalfOf: user as Identity });
  }

  /** The steps, in order. Nothing is read from the payload before the signature holds. */
  async verify(value: string | null | undefined, context: VerifyContext = {}): Promise<MaybeAnonymous> {
    try {
      const text = requireOne(value);
      const remembered = this.#remembered.get(text);
      const assertion = remembered?.assertion ?? parseAssertion(text, this.#headers);

      this.#checkAlgorithm(assertion);
      const found = this.#settings.keys.find(assertion.header, this.#keyContext(context));
      const key = 'verify' in found ? found : await found;
      checkKeyAlgorithm(assertion, key);

      // Remembered only as long as the very key that verified it is still in the key set.
      const isKnown = remembered?.key === key;
      if (!isKnown) {
        const held = key.verify(assertion.signatureSegment, assertion.signingInput);
        // On Node.js it is a boolean: nothing is awaited when the keys are in memory.
        if (!(typeof held === 'boolean' ? held : await held)) throw invalidSignature();
      }

      const claims = isKnown ? remembered.claims : parseClaims(assertion.payloadSegment);
      checkClaims(claims, this.#settings, this.#settings.now());

      const identity = isKnown ? remembered.identity : toIdentity(claims);
      if (!isKnown) this.#remember(text, { assertion, key, claims, identity });
      if (this.#settings.policy) checkPolicy(this.#settings.policy, identity, context.request);
      if (context.policy) checkPolicy(context.policy, identity, context.request);
      this.#emitVerified(key, isKnown);
      return identity;
    } catch (error) {
      if (error instanceof PomeriumError) this.#emitRefused(error);
      throw error;
    }
  }

  async ready(context: VerifyContext = {}): Promise<void> {
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
      sentence(
        'The assertion is signed with an algorithm that is not accepted. If Pomerium has an RSA signing key, write algorithms: ["RS256"].',
      ),
      { expected: [...algorithms].join(' or '), received: shown(header.algorithm) },
    );
  }

  #remember(text: string, entry: Remembered): void {
    rememberHeader(this.#headers, entry.assertion);
    this.#remembered.set(text, entry);
  }

  #keyContext(context: VerifyContext): KeyContext {
    return {
      now: this.#settings.now,
      // Called on its own object: workerd refuses a waitUntil that was taken off it.
      waitUntil: (promise) => context.waitUntil?.(promise),
      emit: this.#emit,
    };
  }

  /** `checkPolicy`, and the event that goes with its refusal. */
  #requireAllowed(policy: Policy, identity: MaybeAnonymous, context: VerifyContext): void {
    try {
      checkPolicy(policy, identity, context.request);
    } catch (error) {
      if (error instanceof PomeriumError) this.#emitRefused(error);
      throw error;
    }
  }

  #emitVerified({ keyId, algorithm }: VerificationKey, cached: boolean): void {
    this.#emit?.({ type: 'assertion_verified', subject: this.#subject, keyId, algorithm, cached });
  }

  #emitRefused({ code, status, message, expected, received }: PomeriumError): void {
    this.#emit?.({
      type: 'assertion_refused',
      subject: this.#subject,
      code,
      status,
      message,
      ...(expected === undefined ? {} : { expected }),
      ...(received === undefined ? {} : { received }),
    });
  }
}

/** The key's own algorithm decides; the header may only agree with it (CVE-2015-9235, CVE-2026-22817). */
function checkKeyAlgorithm({ header }: Assertion, key: VerificationKey): void {
  if (header.algorithm === key.algorithm) return;
  throw new PomeriumError(
    'unsupported_algorithm',
    sentence('The assertion names another algorithm than its key is for.'),
    {
      expected: key.algorithm,
      received: shown(header.algorithm),
    },
  );
}

function invalidSignature(): PomeriumError {
  return new PomeriumError(
    'invalid_signature',
    sentence(
      'The signature does not hold under the key that the assertion names: it was altered, or signed with another key of that id.',
    ),
  );
}
