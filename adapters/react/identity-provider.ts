import { createElement, type ReactNode } from 'react';
import { IdentityContextProvider, type IdentityProviderProps, type Sendable } from './identity-context.ts';

/**
 * Tells the components below it who is signed in. For what a page shows: it decides nothing, and neither may they. In a server
 * component it refuses a whole `Identity` before anything of it is sent.
 *
 * @throws {Error} with a whole `Identity`; with a promise of one, `useIdentity` does
 *
 * @example
 * ```tsx
 * // app/layout.tsx
 * <IdentityProvider identity={getIdentity().then(toClientIdentity)}>{children}</IdentityProvider>
 * ```
 */
export function IdentityProvider({ identity, children }: IdentityProviderProps): ReactNode {
  const sendable = identity && 'then' in identity ? checkedPromise(identity) : requireSendable(identity);
  return createElement(IdentityContextProvider, { identity: sendable }, children);
}

/** The same for the same, or a client component would wait anew with each render. */
const checkedPromises = new WeakMap<Promise<Sendable>, Promise<Sendable>>();

function checkedPromise(promise: Promise<Sendable>): Promise<Sendable> {
  const known = checkedPromises.get(promise);
  if (known) return known;
  const checked = promise.then(requireSendable);
  // Where no component reads it, nobody handles it.
  checked.catch(() => {});
  checkedPromises.set(promise, checked);
  return checked;
}

/** TypeScript says so before; in JavaScript nobody would. */
function requireSendable(identity: Sendable): Sendable {
  if (!identity || !('claims' in identity)) return identity;
  throw new Error('IdentityProvider got a whole identity, with all its claims; give it toClientIdentity(identity).');
}
