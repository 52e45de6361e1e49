'use client';

import { createContext, createElement, type ReactNode, use } from 'react';
import type { ClientIdentity } from './client-identity.ts';

/** A whole `Identity` has claims, and would be sent to the browser with all of them: `toClientIdentity` makes one that fits. */
export type Sendable = (ClientIdentity & { readonly claims?: never }) | undefined;

/** Props of `IdentityProvider`. */
export interface IdentityProviderProps {
  /**
   * Who is signed in; undefined for nobody. A promise lets a layout render without waiting: what calls `useIdentity` then
   * waits in the nearest `<Suspense>`. Make it in a server component or a loader, since a client component would make another
   * with each render.
   */
  readonly identity: Sendable | Promise<Sendable>;
  readonly children?: ReactNode;
}

const NO_PROVIDER = Symbol('no provider');
const IdentityContext = createContext<IdentityProviderProps['identity'] | typeof NO_PROVIDER>(NO_PROVIDER);

/** The part of `IdentityProvider` that is in the browser: what it gets is sent there. */
export function IdentityContextProvider({ identity, children }: IdentityProviderProps): ReactNode {
  return createElement(IdentityContext.Provider, { value: identity }, children);
}

/**
 * Who is signed in, as the `IdentityProvider` above was told; undefined for nobody. Suspends while that is a pending promise,
 * and throws what it rejects with.
 *
 * @throws {Error} without a provider, or with a whole `Identity`
 */
export function useIdentity(): ClientIdentity | undefined {
  const given = use(IdentityContext);
  if (given === NO_PROVIDER) {
    throw new Error(
      'useIdentity() finds no provider; put <IdentityProvider identity={…}> around the components that use it.',
    );
  }
  return given && 'then' in given ? use(given) : given;
}
