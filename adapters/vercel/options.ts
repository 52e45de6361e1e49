import {
  createVerifier,
  type Identity,
  logLine,
  optionsFromEnvironment,
  type PathRule,
  type PomeriumEvent,
  type Verifier,
  type VerifierOptions,
} from '../../core/adapter.ts';
import { environment } from './platform.ts';
import { platformStore } from './runtime-cache.ts';
import { shared, toOwnError } from './shared.ts';

/** Options of `createVerifier`; each one replaces what the environment says. `onEvent` replaces the log. */
export type VercelOptions = Partial<Omit<VerifierOptions, 'allowAnonymous'>>;

export interface MiddlewareOptions extends VercelOptions {
  /** Who may see which path, see `compilePathRules`. Default: every path is for whoever comes through Pomerium. */
  rules?: readonly PathRule[];
  /** Whether CORS preflights pass, which carry no credentials. Default: false. */
  allowPreflight?: boolean;
  /** More request headers to remove, unsigned copies of claims as `jwt_claims_headers` in Pomerium names them. Default: none. */
  removeHeaders?: readonly string[];
}

export type VerifyRequest = Verifier<Identity>['verifyRequest'];

/**
 * A verifier that is made with the first request, since a build does not have the environment. A mistake that can be seen
 * without it is thrown at once. Throws `invalid_configuration`.
 */
export function verifierFor(options: VercelOptions): VerifyRequest {
  if (options.audience !== undefined) makeVerifier(options);
  let made: Verifier<Identity> | undefined;
  return async (request, context) => {
    try {
      made ??= isPlain(options) ? shared(keyOf(options), () => makeVerifier(options)) : makeVerifier(options);
      return await made.verifyRequest(request, context);
    } catch (error) {
      throw toOwnError(error);
    }
  };
}

/** Whether JSON can tell these options from others. */
function isPlain(options: VercelOptions): boolean {
  const isData = (value: unknown) => Array.isArray(value) || (typeof value !== 'object' && typeof value !== 'function');
  return Object.values(options).every(isData);
}

function keyOf(options: VercelOptions): string {
  return JSON.stringify([Object.entries(environment()).filter(([name]) => name.startsWith('POMERIUM_')), options]);
}

/** Throws `invalid_configuration`. */
export function makeVerifier(options: VercelOptions): Verifier<Identity> {
  const store = options.keys ? undefined : { store: platformStore() };
  return createVerifier({
    onEvent: logEvent,
    ...optionsFromEnvironment(environment(), { ...store, ...options }),
    allowAnonymous: false,
  });
}

function logEvent(event: PomeriumEvent): void {
  const line = logLine(event);
  if (line !== undefined) console.warn(line);
}
