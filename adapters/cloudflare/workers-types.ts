import type { CloudflareEnvironment } from './options.ts';
import type { WaitUntil } from './platform.ts';

/*
 * The types that `wrangler types` and @cloudflare/workers-types declare in a project, so that what we take and give fits them
 * in each version. A project may have none of them: the compiler then has `any` in their place, and ours stand in.
 */

// Not `0 extends 1 & T`: with a type that is not there, the whole condition would be `any`.
type IsAny<T> = { is: 0 } extends { is: 1 & T } ? true : false;

// biome-ignore-start lint/suspicious/noExplicitAny: the message of a queue and the props of a caller are the project's own.
// biome-ignore-start lint/suspicious/noTsIgnore: nothing is wrong here where the project has these types.
/** @ts-ignore */
type GivenHandler<Env> = ExportedHandler<Env, any, unknown, any>;
/** @ts-ignore Before 2025-10 the props of a caller were no parameter. */
type OlderHandler<Env> = ExportedHandler<Env, any, unknown>;
/** @ts-ignore */
type GivenEnv = Cloudflare.Env;
/** @ts-ignore */
type GivenBrand = Rpc.WorkerEntrypointBranded;
// biome-ignore-end lint/suspicious/noTsIgnore: as above
// biome-ignore-end lint/suspicious/noExplicitAny: as above

interface PlainHandler<Env> {
  fetch?(request: Request, env: Env, ctx: WaitUntil): Response | Promise<Response>;
  scheduled?(controller: unknown, env: Env, ctx: WaitUntil): void | Promise<void>;
  queue?(batch: unknown, env: Env, ctx: WaitUntil): void | Promise<void>;
}

/** What a Worker exports by default: the project's own `ExportedHandler`. */
export type WorkersHandler<Env> =
  IsAny<GivenHandler<unknown>> extends false
    ? GivenHandler<Env>
    : IsAny<OlderHandler<unknown>> extends false
      ? OlderHandler<Env>
      : PlainHandler<Env>;

type FetchParameters = Parameters<NonNullable<WorkersHandler<unknown>['fetch']>>;

/** A request as a Worker gets it: with `cf`, where the project's types have that. */
export type IncomingRequest = FetchParameters[0];

/** The project's own `ExecutionContext`. */
export type WorkersContext = FetchParameters[2];

export type ScheduledController = Parameters<NonNullable<WorkersHandler<unknown>['scheduled']>>[0];

/** The bindings of the project, as `wrangler types` writes them. */
export type ProjectEnvironment = IsAny<GivenEnv> extends false ? GivenEnv : CloudflareEnvironment;

/** What makes `Service<typeof …>` see the methods of a class. */
export type EntrypointBrand = IsAny<GivenBrand> extends false ? GivenBrand : unknown;
