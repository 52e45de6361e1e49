import { collectPending, type Pending } from '../../core/adapter.ts';
import { requestContext, type WaitUntil } from './platform.ts';

/**
 * The platform's `waitUntil`, of what it gave beside the request or lends to it; where there is none, what it is given is
 * waited for before the answer, a second at most. `platform`: whatever was given.
 */
export function lifetimeOf(platform: unknown): Pending {
  const owner = [platform, requestContext()].find(lendsWaitUntil);
  // Called on its own object, which may be a class with private state.
  return owner ? { waitUntil: (promise) => owner.waitUntil(promise), settle: async () => {} } : collectPending();
}

function lendsWaitUntil(value: unknown): value is Required<WaitUntil> {
  return typeof (value as WaitUntil | null | undefined)?.waitUntil === 'function';
}
