import { createServer } from 'node:http';
import { H3, toNodeHandler } from 'h3/node';
import { pomerium } from 'pomerium-edge/node';

const app = new H3().get('/', (event) => `Hello ${event.runtime?.node?.req.identity?.email}`);

const gate = pomerium();
const handle = toNodeHandler(app);
createServer((req, res) => gate(req, res, () => handle(req, res))).listen(process.env['PORT']);
