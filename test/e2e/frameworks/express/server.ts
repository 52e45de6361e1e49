import express from 'express';
import { pomerium } from 'pomerium-edge/node';

const app = express();
app.get('/status', (_req, res) => void res.send('ok')); // before the gate: for everybody
app.use(pomerium());
app.use(express.static('public'));
app.get('/', (req, res) => void res.send(`Hello ${req.identity?.email}`));

app.listen(process.env['PORT']);
