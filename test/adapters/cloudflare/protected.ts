import { createGuard, createOnRequest, withPomerium } from '../../../adapters/cloudflare/index.ts';
import type { GateOptions } from '../../../core/adapter.ts';
import type { Identity } from '../../../core/index.ts';

/** The code behind a gate. `who`: the subject, or `nobody`. */
export type Code = (request: Request, who: string) => Response | Promise<Response>;

/** Code behind a gate, as a Worker's `fetch`. */
export type Protected = (request: Request, env: object) => Promise<Response>;

const ctx = { waitUntil: () => {} };
const subjectOf = (identity: Identity | undefined) => identity?.subject ?? 'nobody';

/** The three ways to stand before code on Cloudflare. */
export const PROTECT: Readonly<Record<string, (code: Code, options: GateOptions<Request>) => Protected>> = {
  withPomerium: (code, options) => {
    const fetch = (request: Request, _env: object, _ctx: object, identity?: Identity) =>
      code(request, subjectOf(identity));
    const worker = withPomerium<object>({ fetch }, options);
    return (request, env) => worker.fetch(request, env, ctx);
  },

  createOnRequest: (code, options) => {
    const onRequest = createOnRequest<object>(options);
    return (request, env) => {
      const data: { identity?: Identity } = {};
      const next = async (passed = request) => code(passed, subjectOf(data.identity));
      return onRequest({ request, env, data, next, ...ctx });
    };
  },

  createGuard: (code, options) => {
    const upstream = {
      fetch: async (request: Request) => code(request, request.headers.get('x-pomerium-claim-user') ?? 'nobody'),
    };
    const guard = createGuard<object>({ ...options, upstream });
    return (request, env) => guard.fetch(request, env, ctx);
  },
};
