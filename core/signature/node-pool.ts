import { nextTick } from 'node:process';
import { setImmediate } from 'node:timers';

/** Checks that are on the thread pool, which the whole process shares. */
let onPoolNow = 0;

/**
 * What became of the latest check that was not on the pool:
 *
 *     called   its caller has not gone on yet: a check that starts now is beside it
 *     taken    who waited for it goes on: a check that starts now comes after it
 *     over     nobody goes on any more: a check that starts in this turn of the event loop is another request's
 *     none     the event loop has turned
 */
let latest: 'none' | 'called' | 'taken' | 'over' = 'none';
let isEnding = false;

/** Whether a check that starts now is alone: no other one started beside it, in one run of code or one turn of the event loop. */
export function isAlone(): boolean {
  if (onPoolNow > 0 || latest === 'called' || latest === 'over') return false;
  latest = 'called';
  queueMicrotask(take);
  return true;
}

/** Promises go on in the order in which they were settled: this one before whoever waits for the check. */
function take(): void {
  latest = 'taken';
  if (isEnding) return;
  isEnding = true;
  // When no promise is left to go on: a program that verifies one after the other is alone all the time.
  nextTick(end);
}

function end(): void {
  isEnding = false;
  latest = 'over';
  setImmediate(forget);
}

function forget(): void {
  latest = 'none';
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
