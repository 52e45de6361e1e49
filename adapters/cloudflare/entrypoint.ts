import { EntrypointBase } from '#entrypoint-base';
import {
  type AuthOptions,
  configurationError,
  createVerifierFromEnvironment,
  GATE_VARIABLES,
  type Identity,
  PomeriumError,
  type PomeriumErrorCode,
  type RequestLike,
  type Verifier,
  type VerifyContext,
} from '../../core/adapter.ts';
import {
  bindingsOf,
  type CloudflareEnvironment,
  defaultStore,
  keepForContent,
  keepForEnvironment,
  log,
  type OptionsFor,
  optionsFor,
} from './options.ts';
import type { WaitUntil } from './platform.ts';
import type { EntrypointBrand, ProjectEnvironment } from './workers-types.ts';

/** What a call over a service binding answers: errors lose their code on the way, so a refusal is a value. */
export type AuthResult =
  | { readonly identity: Identity; readonly refusal?: undefined }
  | { readonly identity?: undefined; readonly refusal: { readonly code: PomeriumErrorCode; readonly status: number } };

/** The methods, as the type of a service binding: `AUTH: AuthService`. Nobody is a refusal, also where a route is public. */
export interface AuthService {
  /** Verifies the value of `x-pomerium-jwt-assertion`. Where a policy or `routes` ask about the request, use `verifyRequest`. */
  verify(assertion: string | null): Promise<AuthResult>;
  /**
   * Verifies a request by its method, URL and headers. A `Request` itself would lose its body to the call: use
   * `verifyThrough`.
   */
  verifyRequest(request: RequestLike & { readonly body?: never }): Promise<AuthResult>;
}

/**
 * Asks the `PomeriumAuth` of another Worker about a request, whose body stays here.
 *
 * @throws {PomeriumError} `invalid_configuration` where the binding is no such entrypoint
 *
 * @example
 * ```ts
 * const { identity, refusal } = await verifyThrough(env.AUTH, request)
 * ```
 */
export async function verifyThrough(service: AuthService, { method, url, headers }: RequestLike): Promise<AuthResult> {
  if (typeof service?.verifyRequest === 'function') return service.verifyRequest({ method, url, headers });
  throw configurationError(
    'The service has no verifyRequest: bind the entrypoint PomeriumAuth, in a Worker with a compatibility_date of 2024-04-03 or later or the flag rpc.',
  );
}

/** A class of `WorkerEntrypoint`s that answer as `AuthService`. */
export type AuthEntrypoint<Env> = new (ctx: unknown, env: Env) => EntrypointBase<Env> & AuthService & EntrypointBrand;

/** A `WorkerEntrypoint` with which other Workers verify through a service binding: see `PomeriumAuth`. */
export function createAuth<Env = ProjectEnvironment>(options: OptionsFor<AuthOptions, Env> = {}): AuthEntrypoint<Env> {
  const verifiers = keepForContent(options, makeVerifier);
  const verifierFor = keepForEnvironment((env: Env) => verifiers(bindingsOf(env), optionsFor(options, env)));
  class Auth extends EntrypointBase<Env> implements AuthService {
    verify(assertion: string | null): Promise<AuthResult> {
      return this.#answer((one, context) => one.verify(assertion, context));
    }

    verifyRequest({ method, url, headers }: RequestLike): Promise<AuthResult> {
      return this.#answer((one, context) => one.verifyRequest({ method, url, headers }, context));
    }

    async #answer(verify: (verifier: Verifier, context: VerifyContext) => Promise<Identity>): Promise<AuthResult> {
      const ctx = this.ctx as WaitUntil;
      try {
        return { identity: await verify(verifierFor(this.env), { waitUntil: (promise) => ctx.waitUntil(promise) }) };
      } catch (error) {
        const isOurs = error instanceof PomeriumError;
        if (!isOurs || error.status === 500) log.failure(error);
        if (!isOurs) throw error;
        return { refusal: { code: error.code, status: error.status } };
      }
    }
  }
  // The brand is one of types alone.
  return Auth as AuthEntrypoint<Env>;
}

/** The guard in the same Worker has rules for itself: they say nothing of the requests that others ask about. */
function makeVerifier(env: CloudflareEnvironment, options: AuthOptions): Verifier {
  return createVerifierFromEnvironment(env, options, {
    store: defaultStore(env),
    onEvent: log.event,
    otherVariables: Object.values(GATE_VARIABLES),
  });
}

// By its name, so that the declaration leaves the types of the project to the project.
const AuthFromEnvironment: AuthEntrypoint<ProjectEnvironment> = createAuth();

/**
 * Configured by the environment. The Worker that exports it is bound in another's configuration as
 * `{ binding = "AUTH", service = "pomerium-guard", entrypoint = "PomeriumAuth" }`.
 *
 * @example
 * ```ts
 * const { identity, refusal } = await verifyThrough(env.AUTH, request)
 * ```
 */
export class PomeriumAuth extends AuthFromEnvironment {}
