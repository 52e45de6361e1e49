import type { MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import {
  checkPolicy,
  compilePolicy,
  isPolicy,
  type Policy,
  type PolicyOptions,
  PomeriumError,
  toRequestInfo,
} from '../../core/adapter.ts';
import type { IdentityVariables } from './middleware.ts';
import { refusal } from './refuse.ts';

/**
 * A policy for a route, after `pomerium()`: whom it does not allow gets a 403 `policy_denied`, and nobody a 401. Takes a
 * compiled policy or parsed PPL, whose mistakes are thrown when the app is built.
 *
 * @example
 * app.get('/admin', requirePolicy({ allow: { or: [{ groups: 'admins' }] } }), (c) => c.text('in'))
 */
export function requirePolicy(
  policy: Policy | object,
  options: PolicyOptions = {},
): MiddlewareHandler<{ Variables: IdentityVariables }> {
  const compiled = isPolicy(policy) ? policy : compilePolicy(policy, options);
  return createMiddleware<{ Variables: IdentityVariables }>(async (c, next) => {
    const { identity } = c.var;
    try {
      if (!identity)
        throw new PomeriumError('missing_assertion', 'No pomerium() before this route knows who it is for.');
      checkPolicy(compiled, identity, toRequestInfo(c.req.raw));
    } catch (error) {
      throw refusal(error, c);
    }
    await next();
  });
}
