/** Checked by the compiler only. */

import type { Identity } from 'pomerium-edge';
import {
  type ClientIdentity,
  IdentityProvider,
  isSignedOut,
  pomeriumUrls,
  toClientIdentity,
  type useIdentity,
} from 'pomerium-edge/react';
import { createElement } from 'react';
import { type Equal, holds } from './equal.ts';

declare const identity: Identity;
declare const maybe: Promise<Identity | undefined>;

holds<Equal<ReturnType<typeof useIdentity>, ClientIdentity | undefined>>();
export const sure: ClientIdentity = toClientIdentity(identity);
export const unsure: Promise<ClientIdentity | undefined> = maybe.then(toClientIdentity);
export const signedOut: Promise<boolean> = isSignedOut(new Error('x'));
export const signOut: string = pomeriumUrls('a', { afterSignOut: 'https://b' }).signOut;

createElement(IdentityProvider, { identity: unsure });
createElement(IdentityProvider, { identity: sure });
createElement(IdentityProvider, { identity: undefined });
// @ts-expect-error it would be sent to the browser whole
createElement(IdentityProvider, { identity });
// @ts-expect-error likewise
createElement(IdentityProvider, { identity: maybe });
