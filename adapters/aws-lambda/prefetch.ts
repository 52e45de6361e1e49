import { collectPending, type Gate, PomeriumError } from '../../core/adapter.ts';

/** What init may spend on the keys, in milliseconds. */
const LIMIT = 2000;

/** Between two looks for the keys, in milliseconds. */
const INTERVAL = 100;

/**
 * Gets the keys in the init phase, which has more CPU. Never rejects, and never takes longer than 2 s. Its timers keep the
 * process: without anything else open, Node.js would end it in the middle of an `await`.
 */
export async function prefetch(gate: Pick<Gate, 'ready'>): Promise<void> {
  const end = Date.now() + LIMIT;
  const { waitUntil, settle } = collectPending();
  /** Whether the keys are there, or will not come by waiting. */
  const isDone = async (): Promise<boolean> =>
    gate.ready({ waitUntil }).then(
      () => true,
      (error) => !(error instanceof PomeriumError && error.code === 'keys_unavailable'),
    );
  const work = (async () => {
    while (!(await isDone()) && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
    await settle();
  })();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LIMIT);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
