// Prints where a server of an app listens, which is started with PORT=0 and need not say so itself.
import { subscribe } from 'node:diagnostics_channel';

subscribe('tracing:net.server.listen:asyncEnd', ({ server }) => console.log('port', server.address().port));
