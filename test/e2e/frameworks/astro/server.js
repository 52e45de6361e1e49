import express from 'express';
import { pomerium } from 'pomerium-edge/node';
import { handler } from './dist/server/entry.mjs';

const app = express().use(pomerium()).use(express.static('dist/client'));
app.use((req, res, next) => handler(req, res, next, { identity: req.identity }));

app.listen(process.env.PORT);
