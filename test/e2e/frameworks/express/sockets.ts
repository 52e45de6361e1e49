import { createServer } from 'node:http';
import express from 'express';
import { pomerium } from 'pomerium-edge/node';
import { WebSocketServer } from 'ws';

const gate = pomerium();
const sockets = new WebSocketServer({ noServer: true }); // with { server } it listens by itself, without the gate
const server = createServer(express().use(gate));
server.on(
  'upgrade',
  gate.onUpgrade((req, socket, head) => {
    sockets.handleUpgrade(req, socket, head, (open) => open.send(`Hello ${req.identity?.email}`));
  }),
);

server.listen(process.env['PORT']);
