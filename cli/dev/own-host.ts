import type { IncomingMessage } from 'node:http';
import type { DevState } from './state.ts';

const NAMES = ['localhost', '127.0.0.1', '[::1]'];

type Named = Pick<DevState, 'issuer'>;

const namesOf = ({ issuer }: Named): string[] => [...NAMES, issuer.host];

function isOwnName(name: string, state: Named): boolean {
  return namesOf(state).includes(name) || name.endsWith('.localhost');
}

/**
 * The refusal of a request under a name that is neither this machine's nor the route's. Another site can give a name of its own
 * this address (DNS rebinding), and development servers, which refuse such names, see only the one that they are told here.
 */
export function refuseOtherHost(state: Named, { headers }: IncomingMessage): Response | undefined {
  // No browser is without one.
  if (headers.host === undefined) return undefined;
  if (isOwnName(headers.host.replace(/:\d+$/, '').toLowerCase(), state)) return undefined;
  return new Response(
    `This stand-in answers to ${namesOf(state).join(', ')} and names below .localhost, and to no other Host.\n`,
    {
      status: 403,
    },
  );
}

/** Whether a page of another site sends this, and it is no link: then browsers send no cookie that is `SameSite=Lax`. */
export function isOfOtherSite(state: Named, { method, headers }: IncomingMessage): boolean {
  const { origin, 'sec-fetch-site': site, 'sec-fetch-dest': destination } = headers;
  if (site !== undefined) return site === 'cross-site' && !(method === 'GET' && destination === 'document');
  // Browsers of before 2023, and a WebSocket's handshake in some of today's.
  return origin !== undefined && !(URL.canParse(origin) && isOwnName(new URL(origin).hostname, state));
}
