import type { Handle } from '@sveltejs/kit';
import { getIdentity } from 'pomerium-edge/cloudflare';

export const handle: Handle = ({ event, resolve }) => {
  event.locals.identity = getIdentity(event.request);
  return resolve(event);
};
