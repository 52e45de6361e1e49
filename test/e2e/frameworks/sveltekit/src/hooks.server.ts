import type { Handle } from '@sveltejs/kit/hooks';
import type {} from 'pomerium-edge/node'; // declares req.identity

export const handle: Handle = ({ event, resolve }) => {
  event.locals.identity = event.platform?.req.identity;
  return resolve(event);
};
