import type { Finding } from './finding.ts';
import type { Answer } from './send.ts';

const SIGN_IN = /\/\.pomerium\/sign_in([/?#]|$)/;

/** Whether Pomerium answered instead of the service behind it: it sends people to sign in, and marks answers of its own. */
export function isOfPomerium({ headers }: Answer): boolean {
  return headers['x-pomerium-intercepted-response'] !== undefined || SIGN_IN.test(headers.location ?? '');
}

/** Whether people reach the route at this address, and so Pomerium. `dev` has every host on loopback. */
export function isAddressOfRoute({ hostname }: URL, audience: string): boolean {
  return hostname === audience && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}

/** Nothing of the service can be told where Pomerium answers. */
export function pomeriumInstead(why: string, status: number | undefined): Finding {
  return {
    name: 'the address',
    verdict: 'unclear',
    status,
    detail: `this is Pomerium: ${why}`,
    fix: 'Give the address behind it, to which the route leads: the "to" of the route, as https://app.example.workers.dev/admin',
  };
}
