import { subject } from './verify.js';

export async function proxy(request) {
  if (new URL(request.url).pathname === '/proxy') return new Response(await subject());
}
