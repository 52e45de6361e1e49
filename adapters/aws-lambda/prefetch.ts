import { collectPending, type Gate, PomeriumError } from '../../core/adapter.ts';

/** What init may spend on the keys, in milliseconds. */
const LIMIT = 2000;

/**
 * Gets the keys in the init phase, which has more CPU, and sits out a short trouble of network or Pomerium. Returns why there are
 * none, undefined where there are. Never rejects, and never takes longer than `limit`. Its timers keep the process: without
 * anything else open, Node.js would end it in the middle of an `await`.
 */
export async function prefetch(gate: Pick<Gate, 'ready'>, { limit = LIMIT } = {}): Promise<unknown> {
  const end = Date.now() + limit;
  let failure: unknown = lateKeys(limit);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  const work = async () => {
    const { waitUntil, settle } = collectPending();
    for (;;) {
      failure = await gate.ready({ waitUntil }).then(
        () => undefined,
        (error) => error ?? new Error('The key source is not ready.'),
      );
      const delay = retryDelay(failure);
      // The time may also be over because the environment was frozen: then the next request tries.
      if (delay === undefined || Date.now() + delay >= end) break;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
    await settle();
  };
  await Promise.race([work(), late]);
  clearTimeout(timer);
  return failure;
}

/** Milliseconds after which trying again may help; undefined where it cannot. */
function retryDelay(error: unknown): number | undefined {
  if (!(error instanceof PomeriumError) || error.code !== 'keys_unavailable') return undefined;
  return (error.retryAfter ?? 1) * 1000;
}

function lateKeys(limit: number): PomeriumError {
  return new PomeriumError(
    'keys_unavailable',
    `The keys did not come within ${limit / 1000} s of the start: what has them does not answer; check firewalls and routes. The first request asks again.`,
  );
}
