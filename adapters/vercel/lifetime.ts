import { collectPending, type Pending } from '../../core/adapter.ts';
import { requestContext, type WaitUntil } from './platform.ts';

/**
 * A `waitUntil` that is one: the platform's own, of the context at hand or of the request, and where there is none, what
 * it was given is waited for before the answer, a second at most.
 */
export function lifetimeOf(context: WaitUntil = {}): Pending {
  const owner = [context, requestContext()].find(({ waitUntil }) => typeof waitUntil === 'function');
  // Called on its own object, which may be a class with private state.
  return owner ? { waitUntil: (promise) => owner.waitUntil?.(promise), settle: async () => {} } : collectPending();
}
