/** Checks that are on the thread pool, which the whole process shares. */
let onPoolNow = 0;

/**
 * Whether a check that starts now is another request's than the latest one that was not on the pool. In time:
 *
 * 1. A check starts alone. It sets this: what else starts in the same run of code goes to the pool.
 * 2. `beforeCaller`, a microtask: whoever waits for the check goes on next, and what it starts comes after it. That is alone, see 1.
 * 3. `afterPromises`, a tick: no promise is left to go on. What still starts in this turn of the event loop goes to the pool.
 * 4. `afterTurn`, an immediate: the event loop has turned. The next check is alone.
 */
let isBeside = false;
/** Whether 3 is due. It is once, however many checks one caller makes one after the other: each of them is alone. */
let isTickDue = false;

/** Whether a check that starts now is alone: no other one started beside it, in one run of code or one turn of the event loop. */
export function isAlone(): boolean {
  if (onPoolNow > 0 || isBeside) return false;
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
