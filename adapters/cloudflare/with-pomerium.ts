import {
  configurationError,
  type Gate,
  type Identity,
  isPlainObject,
  type SignedInOptions,
} from '../../core/adapter.ts';
import { gatesFor, keepWarm, respond } from './gate.ts';
import { withIdentity } from './identify.ts';
import type { CloudflareOptions, OptionsFor } from './options.ts';
import { type EntrypointClass, protectEntrypoint } from './protect-entrypoint.ts';
import type {
  IncomingRequest,
  ProjectEnvironment,
  ScheduledController,
  WorkersContext,
  WorkersHandler,
} from './workers-types.ts';

/** An `ExportedHandler` whose `fetch` is told for whom the request came. */
export type IdentifiedHandler<Env, Who = Identity> = Omit<WorkersHandler<Env>, 'fetch'> & {
  fetch?(request: IncomingRequest, env: Env, ctx: WorkersContext, identity: Who): Response | Promise<Response>;
};

/** The same handler as Workers wants it: its other events as they were, and `scheduled`, which also keeps the keys warm. */
export type ProtectedHandler<Env> = Omit<WorkersHandler<Env>, 'fetch' | 'scheduled'> & {
  fetch(request: Request, env: Env, ctx: WorkersContext): Promise<Response>;
  scheduled(controller: ScheduledController, env: Env, ctx: WorkersContext): Promise<void>;
};

/**
 * Wraps a Worker: its `fetch` is only called for requests that came through Pomerium, with the identity as fourth argument
 * and a request without unverified Pomerium headers. Where `routes`, `optional`, `rules` or `allowPreflight` let requests for
 * nobody pass, the identity is undefined for them. All other handlers stay as they are; `scheduled` keeps the keys warm, too.
 *
 * Of a `WorkerEntrypoint` class it makes another one, whose `fetch` finds the identity by `getIdentity(request)`. Its RPC
 * methods are for other Workers, and no gate stands before them.
 *
 * @throws {PomeriumError} `invalid_configuration` where there is no `fetch` to guard
 *
 * @example
 * ```ts
 * export default withPomerium({
 *   fetch: (request, env, ctx, identity) => new Response(`Hello ${identity.email}`),
 * }) satisfies ExportedHandler<Env>
 * ```
 */
export function withPomerium<Class extends EntrypointClass, Env = ProjectEnvironment>(
  entrypoint: Class,
  options?: OptionsFor<CloudflareOptions, Env>,
): Class;
export function withPomerium<Env = ProjectEnvironment>(
  handler: IdentifiedHandler<Env>,
  options?: OptionsFor<SignedInOptions<CloudflareOptions>, Env>,
): ProtectedHandler<Env>;
export function withPomerium<Env = ProjectEnvironment>(
  handler: IdentifiedHandler<Env, Identity | undefined>,
  options: OptionsFor<CloudflareOptions, Env>,
): ProtectedHandler<Env>;
export function withPomerium<Env>(
  target: EntrypointClass | IdentifiedHandler<Env, Identity | undefined>,
  options: OptionsFor<CloudflareOptions, Env> = {},
): EntrypointClass | ProtectedHandler<Env> {
  const gates = gatesFor(options);
  return typeof target === 'function' ? protectEntrypoint(target, gates) : protectHandler(target, gates);
}

function protectHandler<Env>(
  handler: IdentifiedHandler<Env, Identity | undefined>,
  gates: (env: Env) => Gate<Request>,
): ProtectedHandler<Env> {
  const { fetch, scheduled, ...others } = boundMembersOf(handler) as typeof handler;
  refuseOptionsIn(handler);
  if (typeof fetch !== 'function')
    throw configurationError(
      'The handler has no fetch; write withPomerium({ fetch(request, env, ctx, identity) { … } }, options).',
    );
  return {
    ...others,
    fetch: (request, env, ctx) =>
      respond(gates(env), request, ctx, (allowed) => fetch(withIdentity(request, allowed), env, ctx, allowed.identity)),
    scheduled: (controller, env, ctx) =>
      keepWarm(gates(env), ctx, scheduled && (() => scheduled(controller, env, ctx))),
  } as ProtectedHandler<Env>;
}

/** Written into the handler, they would be left out in silence. An object of a class has members by any name. */
function refuseOptionsIn(handler: object): void {
  if (!isPlainObject(handler)) return;
  const option = ['audience', 'policy', 'rules'].find((name) => Object.hasOwn(handler, name));
  if (option !== undefined)
    throw configurationError(`${option} is an option; write withPomerium(handler, { ${option} }).`);
}

/** Also the members of its class. Methods stay with the handler, whatever state it has. */
function boundMembersOf(handler: object): object {
  const members: Record<string, unknown> = {};
  for (let owner = handler; owner && owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (name === 'constructor') continue;
      const member: unknown = Reflect.get(handler, name);
      // Not by its own `bind`: the functions of OpenTelemetry's proxies have none.
      members[name] ??=
        typeof member === 'function' ? (...args: unknown[]) => Reflect.apply(member, handler, args) : member;
    }
  }
  return members;
}
