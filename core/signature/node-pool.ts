import { nextTick } from 'node:process';
import { setImmediate } from 'node:timers';

/** Checks that are on the thread pool, which the whole process shares. */
let onPoolNow = 0;

/**
 * Whether a check that starts now is another request's than the latest one that was not on the pool. It is until that one's caller
 * goes on (what starts then comes after it), and again once nobody goes on any more, until the event loop has turned.
 */
let isBeside = false;
let isEnding = false;

/** Whether a check that starts now is alone: no other one started beside it, in one run of code or one turn of the event loop. */
export function isAlone(): boolean {
  if (onPoolNow > 0 || isBeside) return false;
  isBeside = true;
  queueMicrotask(take);
  return true;
}

/** Promises go on in the order in which they were settled: this one before whoever waits for the check. */
function take(): void {
  isBeside = false;
  if (isEnding) return;
  isEnding = true;
  // When no promise is left to go on: a program that verifies one after the other is alone all the time.
  nextTick(end);
}

function end(): void {
  isEnding = false;
  isBeside = true;
  setImmediate(forget);
}

function forget(): void {
  isBeside = false;
}

/** The result of a check that is started on the thread pool; false where it fails. */
export function onPool(start: (done: (error: Error | null, isValid: boolean) => void) => void): Promise<boolean> {
  onPoolNow += 1;
  return new Promise((resolve) => {
    const settle = (isValid: boolean) => {
      onPoolNow -= 1;
      resolve(isValid);
    };
    try {
      start((error, isValid) => settle(!error && isValid));
    } catch {
      settle(false);
    }
  });
}
