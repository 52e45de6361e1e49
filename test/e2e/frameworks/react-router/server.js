import express from 'express';
import { pomerium } from 'pomerium-edge/node';
import { handler } from './build/server/index.js';

const app = express().use(pomerium()).use(express.static('build/client'));
app.use(handler);

app.listen(process.env.PORT);
