import express from 'express';
import { pomerium } from 'pomerium-edge/node';
import { toNodeHandler } from 'srvx/node';
import server from './dist/server/server.js';

const app = express()
  .use(pomerium())
  .use(express.static('dist/client', { redirect: false }));
app.use(toNodeHandler(server.fetch));

app.listen(process.env.PORT);
