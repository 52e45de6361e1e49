import { serve, upgradeWebSocket } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { app } from './app.ts';
import { echo } from './echo.ts';

const { fetch } = app.get('/echo', upgradeWebSocket(echo));
const websocket = { server: new WebSocketServer({ noServer: true }) };
serve({ fetch, websocket, port: Number(process.env['PORT'] ?? 3000), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}`);
});
