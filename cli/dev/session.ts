import type { IncomingMessage } from 'node:http';
import { isOfOtherSite } from './own-host.ts';
import type { DevState } from './state.ts';

/**
 * Who is signed in is said by a cookie of the browser: it has no secret in it, since everybody here may be anybody. Browsers
 * send the cookies of one port to all others of a host, so its name has the port, and stand-ins do not mix.
 */
const PREFIX = 'pomerium_dev_';
const OWN_COOKIE = new RegExp(`^${PREFIX}\\d+=`);

/**
 * Whoever is signed in in the browser that sends this; undefined after it signed out, where its cookie names somebody whom there
 * is not any more, and for what another site sends: no cookie keeps that from being signed as the default identity.
 */
export function identityOf(state: DevState, request: IncomingMessage): string | undefined {
  const name = `${cookieName(request)}=`;
  const value = cookiesOf(request.headers.cookie)
    .find((cookie) => cookie.startsWith(name))
    ?.slice(name.length);
  if (value === undefined) return isOfOtherSite(state, request) ? undefined : state.defaultIdentity;
  const identity = decode(value);
  return Object.hasOwn(state.identities, identity) ? identity : undefined;
}

/** `Set-Cookie` for the browser that sends this. Without an identity it is signed out. */
export function sessionCookie(request: IncomingMessage, identity = ''): string {
  return `${cookieName(request)}=${encodeURIComponent(identity)}; Path=/; HttpOnly; SameSite=Lax`;
}

/** As Pomerium takes its own cookie out (`clean-upstream.lua`). */
export function withoutSessionCookie(header: string | undefined): string | undefined {
  return (
    cookiesOf(header)
      .filter((cookie) => !OWN_COOKIE.test(cookie))
      .join('; ') || undefined
  );
}

function cookieName({ socket }: IncomingMessage): string {
  return `${PREFIX}${socket.localPort}`;
}

function cookiesOf(header = ''): string[] {
  return header
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '');
}

/** What is wrongly encoded stays as it is. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
