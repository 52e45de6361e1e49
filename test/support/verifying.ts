import { assert } from 'vitest';
import {
  createVerifier,
  type KeySource,
  type MaybeAnonymous,
  PomeriumError,
  type PomeriumErrorCode,
  type PomeriumEvent,
  staticKeys,
  type Verifier,
  type VerifierOptions,
} from '../../core/index.ts';
import { HOST, jwks, NOW, type TestKey } from './issuer.ts';

/** A verifier at `NOW` for `HOST`, with a clock that the test can turn and the events that it gave. */
export interface Rig {
  readonly verifier: Verifier<MaybeAnonymous>;
  readonly events: PomeriumEvent[];
  /** What the verifier gave to `waitUntil`. */
  readonly pending: Promise<unknown>[];
  verify(assertion: string): Promise<MaybeAnonymous>;
  /** The code with which the assertion is refused, or `valid`. */
  codeOf(assertion: string): Promise<PomeriumErrorCode | 'valid'>;
  /** Waits for all that was left to `waitUntil`. */
  settle(): Promise<void>;
  advance(seconds: number): void;
}

export function makeRig(keys: KeySource | TestKey, options: Partial<VerifierOptions> = {}): Rig {
  let now = NOW;
  const events: PomeriumEvent[] = [];
  const pending: Promise<unknown>[] = [];
  const waitUntil = (promise: Promise<unknown>) => void pending.push(promise);
  const verifier: Verifier<MaybeAnonymous> = createVerifier({
    audience: HOST,
    keys: 'find' in keys ? keys : staticKeys(jwks(keys)),
    now: () => now,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const verify = (assertion: string) => verifier.verify(assertion, { waitUntil });
  return {
    verifier,
    events,
    pending,
    verify,
    codeOf: (assertion) => codeOf(() => verify(assertion)),
    settle: async () => {
      for (let promise = pending.shift(); promise; promise = pending.shift()) await promise;
    },
    advance: (seconds) => {
      now += seconds;
    },
  };
}

export async function codeOf(work: () => unknown): Promise<PomeriumErrorCode | 'valid'> {
  const error = await errorOf(work);
  return error?.code ?? 'valid';
}

/** The PomeriumError that the work throws, or undefined. Anything else that it throws fails the test. */
export async function errorOf(work: () => unknown): Promise<PomeriumError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof PomeriumError)) throw error;
    return error;
  }
}

/** That building this is refused as `invalid_configuration`, synchronously, with a message that says so. */
export function assertMisconfigured(build: () => unknown, message: RegExp): void {
  try {
    build();
  } catch (error) {
    assert.instanceOf(error, PomeriumError);
    assert.equal((error as PomeriumError).code, 'invalid_configuration');
    assert.match((error as PomeriumError).message, message);
    return;
  }
  assert.fail('nothing was thrown');
}
