import { isCanonical } from '../gate/path.ts';
import type { MaybeAnonymous } from '../identity.ts';
import type { JsonObject } from '../json.ts';
import type { CompiledRoute, Route, RouteEnd } from './route.ts';

/** A route, for people. */
export interface ExplainedRoute {
  /** Where it stands in the configuration: `routes[0]`. */
  readonly at: string;
  readonly from: string;
  readonly name?: string | undefined;
  /** By what the path is chosen, and the text of it. */
  readonly match: { readonly by: 'regex' | 'path' | 'prefix'; readonly text: string };
  /** Where it ends: only an `upstream` gets assertions, and only if it is one of `hosts`. */
  readonly end: RouteEnd;
  /** Whether it leads to this service: an upstream of one of the hosts that are wanted. */
  readonly isDecidedHere: boolean;
  readonly rewritesPath: boolean;
  /** Whether Pomerium passes an assertion on (`pass_identity_headers`); without one every request is refused. */
  readonly passesAssertion: boolean;
  /** Who may pass, in Pomerium's language: the settings and the policy. */
  readonly policy: readonly JsonObject[];
  /** Where the criteria and settings stand that are left to Pomerium. */
  readonly left: readonly string[];
  /** Whether a `GET` of the path passes for who is not signed in, as far as its path is one. */
  readonly letsNobodyIn: boolean;
}

const NOBODY: MaybeAnonymous = {
  subject: undefined,
  user: undefined,
  groups: [],
  issuer: '',
  audience: [],
  issuedAt: 0,
  expiresAt: 0,
  claims: {},
};

function letsNobodyIn({ policyForNobody, match }: CompiledRoute): boolean {
  const path = isCanonical(match.text) ? match.text : '/';
  return policyForNobody.decide({ identity: NOBODY, method: 'GET', path, headers: {} }).allowed;
}

export function explainRoute(route: Route, compiled: CompiledRoute | undefined): ExplainedRoute {
  const { at, fromText, name, match, end, rewrite, passesAssertion } = route;
  return {
    at,
    from: fromText,
    ...(name !== undefined && { name }),
    match: { by: match.by, text: match.text },
    end,
    isDecidedHere: compiled !== undefined,
    rewritesPath: rewrite !== undefined,
    passesAssertion,
    policy: compiled?.ppl ?? [],
    left: compiled?.left ?? [],
    letsNobodyIn: compiled !== undefined && letsNobodyIn(compiled),
  };
}
