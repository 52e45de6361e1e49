import { Hono } from 'hono';
import { createGuard, withPomerium } from '../../adapters/cloudflare/index.ts';
import { pomerium } from '../../adapters/hono/index.ts';
import type { GateOptions } from '../../core/adapter.ts';
import { NOW } from '../support/issuer.ts';
import { RULES } from './raw-targets-rules.ts';

/** An app that routes by the text of `request.url`, as Hono does, behind each of the gates that stand before such apps. */
const options = {
  rules: RULES,
  now: () => NOW,
  log: false,
} satisfies GateOptions<Request>;

const routes = new Hono()
  .get('/', (c) => c.text('start page'))
  .get('/public', (c) => c.text('public page'))
  .get('/admin/*', (c) => c.text('ADMIN SECRET'));

export const app = new Hono().use(pomerium(options)).route('/', routes);

const wrapped = withPomerium({ fetch: (request: Request) => routes.fetch(request) }, options);
const guard = createGuard(options);

/** What the guard has as its upstream, by a service binding to this Worker itself. */
export const upstream = { fetch: (request: Request) => routes.fetch(request) };

/** On Workers: `x-gate` names the gate. */
export default {
  fetch(request: Request, env: object, ctx: ExecutionContext): Response | Promise<Response> {
    const gate = request.headers.get('x-gate');
    if (gate === 'guard') return guard.fetch(request, env, ctx);
    return gate === 'withPomerium' ? wrapped.fetch(request, env, ctx) : app.fetch(request, env, ctx);
  },
};

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
  props: unknown;
}
