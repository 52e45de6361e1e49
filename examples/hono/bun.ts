import { app } from './app.ts';

declare const Bun: { serve(options: object): { url: URL } };

const { url } = Bun.serve({ fetch: app.fetch, port: process.env['PORT'] ?? 3000, hostname: '127.0.0.1' });
console.log(url.origin);
