import type { IncomingMessage } from 'node:http';
import type { DevState } from './state.ts';

const NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The refusal of a request under a name that is neither this machine's nor the route's. Another site can give a name of its own
 * this address (DNS rebinding), and development servers, which refuse such names, see only the one that they are told here.
 */
export function refuseOtherHost({ issuer }: DevState, { headers }: IncomingMessage): Response | undefined {
  // No browser is without one.
  if (headers.host === undefined) return undefined;
  const name = headers.host.replace(/:\d+$/, '').toLowerCase();
  const names = [...NAMES, issuer.host];
  if (names.includes(name) || name.endsWith('.localhost')) return undefined;
  return new Response(
    `This stand-in answers to ${names.join(', ')} and names below .localhost, and to no other Host.\n`,
    {
      status: 403,
    },
  );
}
