import type { MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { HTTPException } from 'hono/http-exception';
import {
  compilePolicy,
  copyOfData,
  type Gate,
  isPolicy,
  type Policy,
  type PolicyOptions,
  PomeriumError,
  problemResponse,
  requirePossible,
} from '../../core/adapter.ts';
import { log } from './gates.ts';
import { allowedRequest, forwardHeaders, type IdentityVariables } from './middleware.ts';
import { refuse, toException } from './refuse.ts';

/**
 * A policy for a route, after `pomerium()`: whom it does not allow gets a 403 `policy_denied`, and nobody a 401. Takes a
 * compiled policy or parsed PPL.
 *
 * @param options - for PPL; by default those of `pomerium()`
 * @throws {PomeriumError} `invalid_configuration` at once, for a mistake in the PPL
 *
 * @example
 * ```ts
 * app.get('/admin', requirePolicy({ allow: { or: [{ groups: 'admins' }] } }), (c) => c.text('in'))
 * ```
 */
export function requirePolicy(
  policy: Policy | object,
  options: PolicyOptions = {},
): MiddlewareHandler<{ Variables: IdentityVariables }> {
  const compile = isPolicy(policy) ? () => policy : policyCompiler(copyOfData(policy));
  requirePossible(compile, options);
  const compiled = new WeakMap<Gate<Request>, Policy>();
  const policyBehind = (gate: Gate<Request>) => {
    const made = compiled.get(gate) ?? orBroken(() => compile({ ...gate.settings.policyOptions, ...options }));
    compiled.set(gate, made);
    return made;
  };
  return createMiddleware<{ Variables: IdentityVariables }>(async (c, next) => {
    const allowed = allowedRequest(c);
    if (!allowed) throw nobodyKnows(c.req.raw);
    const { gate, request, native, context } = allowed;
    const result = await gate.authorize(request, { ...context, policy: policyBehind(gate) });
    if (result.type === 'refuse') throw await refuse(result.error, gate, native);
    forwardHeaders(c, result.headers);
    await next();
  });
}

function policyCompiler(ppl: object): (options: PolicyOptions) => Policy {
  return (options) => compilePolicy(ppl, options);
}

/** A policy that needs options which turn out not to be there refuses everybody with what is wrong. */
function orBroken(make: () => Policy): Policy {
  try {
    return make();
  } catch (error) {
    const fail = () => {
      throw error;
    };
    return { needsRequest: false, needsPath: false, decide: fail, explain: fail, check: fail };
  }
}

function nobodyKnows(request: Request): HTTPException {
  const error = new PomeriumError('missing_assertion', 'No pomerium() stands before this route.');
  const { code, status, message } = error;
  log.event({ type: 'assertion_refused', subject: 'assertion', code, status, message });
  return toException(error, problemResponse(error, request));
}
