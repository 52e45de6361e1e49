import { upgradeWebSocket } from 'hono/deno';
import { app } from './app.ts';
import { echo } from './echo.ts';

declare const Deno: {
  env: { get(name: string): string | undefined };
  serve(options: object, handler: (request: Request) => Response | Promise<Response>): unknown;
};

const { fetch } = app.get('/echo', upgradeWebSocket(echo));
const onListen = ({ port }: { port: number }) => console.log(`http://127.0.0.1:${port}`);
Deno.serve({ port: Number(Deno.env.get('PORT') ?? 3000), hostname: '127.0.0.1', onListen }, fetch);
