import { hc } from 'hono/client';
import type { App } from './app.ts';

/** A client that knows the app's routes and answers, identity and all. */
export async function emailOf(url: string, headers: Record<string, string>): Promise<string | undefined> {
  const client = hc<App>(url, { headers });
  const answer = await client.index.$get();
  return (await answer.json()).email;
}
