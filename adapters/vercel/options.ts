import type { GateOptions, VerifierOptions } from '../../core/adapter.ts';

/** Options of every gate (docs/gate.md) and of middleware. Each one replaces what the environment says. */
export interface MiddlewareOptions<NativeRequest = Request> extends GateOptions<NativeRequest> {
  /**
   * Whether a rewrite to another origin takes the assertion along. Whoever has it can be that user until it expires, so only
   * for an origin that verifies it.
   * @defaultValue false
   */
  keepAssertionOnRewrite?: boolean;
}

/** Options of code that asks for the identity and answers by itself. Each one replaces what the environment says. */
export interface VercelOptions
  extends Partial<Omit<VerifierOptions, 'allowAnonymous'>>,
    Pick<GateOptions, 'routes' | 'listClaims' | 'leaveToPomerium' | 'log' | 'logSubject'> {}
