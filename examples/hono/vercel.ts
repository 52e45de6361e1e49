import { handle } from 'hono/vercel';
import { app } from './app.ts';

/** As `api/[[...route]].ts`. */
export const GET = handle(app);
