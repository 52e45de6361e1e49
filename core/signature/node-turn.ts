// Not the global: a test of the app's that replaces the timers would wait for a check forever.
import { setImmediate } from 'node:timers';

/** Checks that are not alone and not done. */
let pending = 0;

/**
 * Whether a check that starts now is another request's than the latest one that was alone. In time:
 *
 * 1. A check starts alone. It sets this: what else starts in the same run of code is not.
 * 2. `beforeCaller`, a microtask: whoever waits for the check goes on next, and what it starts comes after it. That is alone, see 1.
 * 3. `afterPromises`, a tick: no promise is left to go on. What still starts in this turn of the event loop is not alone.
 * 4. `afterTurn`, an immediate: the event loop has turned. The next check is alone.
 */
let isBeside = false;
/** Whether 3 is due. It is once, however many checks one caller makes one after the other: each of them is alone. */
let isTickDue = false;

/** Whether a check that starts now is alone: no other one started beside it, in one run of code or one turn of the event loop. */
export function isAlone(): boolean {
  if (pending > 0 || isBeside) return false;
  isBeside = true;
  queueMicrotask(beforeCaller);
  return true;
}

/** Promises go on in the order in which they were settled: this one before whoever waits for the check. */
function beforeCaller(): void {
  isBeside = false;
  if (isTickDue) return;
  isTickDue = true;
  process.nextTick(afterPromises);
}

function afterPromises(): void {
  isTickDue = false;
  isBeside = true;
  setImmediate(afterTurn);
}

function afterTurn(): void {
  isBeside = false;
}

/** Starts a check. It calls `done` with the result, at once or later. */
type Start = (done: (error: Error | null, isValid: boolean) => void) => void;

/** To be started when this turn of the event loop ends. */
const waiting: (() => void)[] = [];

/** So many are started in one turn: on one core they keep everything else waiting. */
const MAX_IN_A_TURN = 64;

/**
 * The result of a check that is not alone; false where it fails. All of a turn start together at its end: one right after the other
 * they take less time than between requests (docs/performance.md, "Behind a server").
 */
export function together(start: Start): Promise<boolean> {
  pending += 1;
  return new Promise((resolve) => {
    const settle = (isValid: boolean) => {
      pending -= 1;
      resolve(isValid);
    };
    waiting.push(() => {
      try {
        start((error, isValid) => settle(!error && isValid));
      } catch {
        settle(false);
      }
    });
    if (waiting.length === 1) setImmediate(startWaiting);
  });
}

function startWaiting(): void {
  for (const start of waiting.splice(0, MAX_IN_A_TURN)) start();
  if (waiting.length > 0) setImmediate(startWaiting);
}
