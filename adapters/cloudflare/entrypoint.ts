import { EntrypointBase } from '#entrypoint-base';
import {
  type Identity,
  PomeriumError,
  type PomeriumErrorCode,
  type RequestLike,
  type Verifier,
} from '../../core/adapter.ts';
import { logUnexpected } from './log.ts';
import { type CloudflareEnvironment, type CloudflareOptions, type OptionsFor, verifiersFor } from './options.ts';

/** What a call over a service binding answers: errors lose their code on the way, so a refusal is a value. */
export type AuthResult =
  | { readonly identity: Identity; readonly refusal?: undefined }
  | { readonly identity?: undefined; readonly refusal: { readonly code: PomeriumErrorCode; readonly status: number } };

/** The methods, as the type of a service binding: `AUTH: AuthService`. */
export interface AuthService {
  /** Verifies the value of `x-pomerium-jwt-assertion`. */
  verify(assertion: string | null): Promise<AuthResult>;
  /** Verifies a request by its method, URL and headers; its body stays with the caller. */
  verifyRequest(request: RequestLike): Promise<AuthResult>;
}

/** A `WorkerEntrypoint` with which other Workers verify through a service binding: see `PomeriumAuth`. */
export function createAuth<Env = CloudflareEnvironment>(
  options: OptionsFor<CloudflareOptions, Env> = {},
): new (
  ctx: unknown,
  env: Env,
) => EntrypointBase<Env> & AuthService {
  const verifiers = verifiersFor(options);
  return class extends EntrypointBase<Env> implements AuthService {
    verify(assertion: string | null): Promise<AuthResult> {
      return this.#answer((one) => one.verify(assertion));
    }

    verifyRequest({ method, url, headers }: RequestLike): Promise<AuthResult> {
      return this.#answer((one) => one.verifyRequest({ method, url, headers }));
    }

    async #answer(verify: (verifier: Verifier<Identity>) => Promise<Identity>): Promise<AuthResult> {
      try {
        return { identity: await verify(verifiers(this.env)) };
      } catch (error) {
        logUnexpected(error);
        if (!(error instanceof PomeriumError)) throw error;
        return { refusal: { code: error.code, status: error.status } };
      }
    }
  };
}

/**
 * Configured by the environment. The Worker that exports it is bound in another's configuration as
 * `{ binding = "AUTH", service = "pomerium-guard", entrypoint = "PomeriumAuth" }`.
 *
 * @example
 * const { identity, refusal } = await env.AUTH.verify(request.headers.get('x-pomerium-jwt-assertion'))
 */
export class PomeriumAuth extends createAuth() {}
