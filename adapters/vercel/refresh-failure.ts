import { describeFetchFailure, PomeriumError } from '../../core/adapter.ts';

/**
 * Which part of a refresh failed: `invalid_configuration`, what the route needs is not set; `keys_unavailable`, Pomerium's JWKS;
 * `edge_config_unreadable`, reading the Edge Config; `edge_config_unwritable`, writing it through Vercel's API.
 */
export type RefreshFailureCode =
  | 'invalid_configuration'
  | 'keys_unavailable'
  | 'edge_config_unreadable'
  | 'edge_config_unwritable';

/** Why a refresh of the Edge Config failed. Nothing of a request's headers, and no connection string, is in it. */
export class RefreshFailure extends Error {
  override readonly name = 'RefreshFailure';
  readonly code: RefreshFailureCode;
  /** What was asked. */
  readonly request: string | undefined;

  constructor(code: RefreshFailureCode, message: string, request?: string) {
    super(message);
    this.code = code;
    this.request = request;
  }
}

/** The failure that any error of the route is, of somebody else's code, too. */
export function toRefreshFailure(error: unknown): RefreshFailure {
  if (error instanceof RefreshFailure) return error;
  const isUnavailable = error instanceof PomeriumError && error.code === 'keys_unavailable';
  return new RefreshFailure(isUnavailable ? 'keys_unavailable' : 'invalid_configuration', describe(error));
}

/** An error as a sentence. Only our own are sure to have nothing in their messages that must not be logged. */
export function describe(error: unknown): string {
  return error instanceof PomeriumError ? error.message : `${describeFetchFailure(error)}.`;
}
