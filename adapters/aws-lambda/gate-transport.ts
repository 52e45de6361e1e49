import { makeHttpsTransport } from './https-transport.ts';
import { warmUp } from './warm-up.ts';

/** How gates ask for their keys: init compiles what the first request needs while the answer is on its way. */
export const gateTransport = makeHttpsTransport(warmUp);
