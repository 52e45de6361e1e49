import { upgradeWebSocket, websocket } from 'hono/bun';
import { app } from './app.ts';
import { echo } from './echo.ts';

declare const Bun: { serve(options: object): { url: URL } };

const { fetch } = app.get('/echo', upgradeWebSocket(echo));
const { url } = Bun.serve({ fetch, websocket, port: process.env['PORT'] ?? 3000, hostname: '127.0.0.1' });
console.log(url.origin);
