import { createServer } from 'node:http';
import { pomerium } from 'pomerium-edge/node';
import { listener } from './.output/server/index.mjs';

const gate = pomerium();
createServer((req, res) => gate(req, res, () => listener(req, res))).listen(process.env.PORT);
