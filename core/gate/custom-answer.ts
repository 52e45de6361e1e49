import { configurationError, describeType, PomeriumError } from '../errors.ts';
import { callSafely } from '../events.ts';
import { redact } from '../fetch-failure.ts';
import type { GateLog } from './log.ts';

/** What the user's own code answers; undefined where it fails or answers with something else. */
export async function customAnswer(answer: () => unknown, log: GateLog): Promise<Response | undefined> {
  try {
    const response = (await answer()) as Response | null | undefined;
    if (response === undefined || (response && isAnswer(response))) return response;
    throw configurationError(
      'onRefused must return a Response, a new one for each request, or undefined for the answer of the gate.',
    );
  } catch (error) {
    const isOurs = error instanceof PomeriumError;
    callSafely(() => log.failure(isOurs ? error : configurationError(`onRefused failed: ${describeThrown(error)}`)));
    return undefined;
  }
}

/** Name and message, without what may be a token. What else an error of the user's has may be the whole request. */
function describeThrown(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${redact(error.message)}` : describeType(error);
}

/** Not by its class: it may be of another realm. One that was read before, or is no answer of HTTP, cannot be sent. */
function isAnswer({ headers, status, bodyUsed, body }: Response): boolean {
  return typeof headers?.get === 'function' && status >= 200 && !bodyUsed && !body?.locked;
}
