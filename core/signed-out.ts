/**
 * What a server action of Next.js rejects with where the gate finds nobody signed in. Here and nowhere else, since browsers
 * tell the error by it.
 */
export const SIGNED_OUT = 'You are signed out: reload this page to sign in.';
