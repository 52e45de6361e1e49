import { createServer } from 'node:http';
import { pomerium } from 'pomerium-edge/node';
import { handler } from './build/handler.js';

const gate = pomerium();
createServer((req, res) => gate(req, res, () => handler(req, res))).listen(process.env.PORT);
