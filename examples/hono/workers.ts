import { upgradeWebSocket } from 'hono/cloudflare-workers';
import { app } from './app.ts';
import { echo } from './echo.ts';

export default app.get('/echo', upgradeWebSocket(echo));
