import { callSafely, configurationError, describeValue, type Identity, isPlainObject } from '../../core/adapter.ts';

/** What an authorizer tells API Gateway or AppSync beside its decision. REST and WebSocket APIs take scalars only. */
export type AuthorizerContext = Record<string, string | number | boolean>;

/** What the option `context` may add: a member that is undefined is left out. */
export type AddedContext = Readonly<Record<string, string | number | boolean | undefined>>;

/** The members that say who it is: never cut, since a shorter one would be somebody else's. */
const IDS = ['subject', 'user', 'email', 'issuer', 'issuedAt', 'expiresAt', 'onBehalfOf', 'route'] as const;

/** What may be missing, from the first that is left out. */
const OTHERS = ['name', 'tokenId', 'sessionId'] as const;

/** What `truncated` has for the members of the option `context`. */
const ADDED = 'context';

/** `principalId` and `integrationLatency` are REST's beside the context, `claims` and `scopes` those of other authorizers. */
export const GATEWAY_MEMBERS = ['principalId', 'integrationLatency', 'claims', 'scopes'];

/** Every name of the context that is not the option `context`'s. */
export const OWN_MEMBERS: readonly string[] = [...IDS, ...OTHERS, 'groups', 'truncated', 'code'];

/**
 * The identity as scalars, `groups` as a JSON string. `fits` says whether a context is small enough. Where all is too much,
 * groups end early; where it would be too much without any, members are left out: `name`, `tokenId`, `sessionId`, then all of
 * `added`. `truncated` names what is not whole: `context` for `added`, whose own names could be too long themselves.
 * @throws {PomeriumError} `invalid_configuration` where not even the ids fit
 */
export function contextOf(
  identity: Identity,
  { added, fits }: { added: AuthorizerContext; fits: (context: AuthorizerContext) => boolean },
): AuthorizerContext {
  const ids = idsOf(identity);
  const missing: string[] = [];
  const contextWith = (count: number): AuthorizerContext => {
    const truncated = [...(count < identity.groups.length ? ['groups'] : []), ...missing].join(',');
    const others = OTHERS.filter((name) => !missing.includes(name)).map((name) => [name, identity[name]] as const);
    const set = [...Object.entries(ids), ...others].filter(([, value]) => value !== undefined);
    return {
      ...(Object.fromEntries(set) as AuthorizerContext),
      ...(!missing.includes(ADDED) && added),
      groups: JSON.stringify(identity.groups.slice(0, count)),
      ...(truncated !== '' && { truncated }),
    };
  };
  const whole = contextWith(identity.groups.length);
  if (fits(whole)) return whole;
  const hasAdded = Object.keys(added).length > 0;
  const candidates = [...OTHERS.filter((name) => identity[name] !== undefined), ...(hasAdded ? [ADDED] : [])];
  while (!fits(contextWith(0))) {
    const next = candidates[missing.length];
    if (next === undefined) {
      throw configurationError('The ids of the identity are too long for the answer of an authorizer.');
    }
    missing.push(next);
  }
  return contextWith(mostThatFit(identity.groups.length, (count) => fits(contextWith(count))));
}

function idsOf(identity: Identity): Record<string, string | number | undefined> {
  const { subject, user, email, issuer, issuedAt, expiresAt, onBehalfOf, route } = identity;
  const ids = { subject, user, email, issuer, issuedAt, expiresAt };
  return { ...ids, onBehalfOf: onBehalfOf?.subject, route: route && (route.name ?? route.from) };
}

/** The largest count up to `limit` that fits; 0 always does. */
function mostThatFit(limit: number, fits: (count: number) => boolean): number {
  if (fits(limit)) return limit;
  let [low, high] = [0, limit];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * What the option `context` gave, checked: API Gateway answers 500 to any other value without saying why.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readContextMembers(value: unknown): AuthorizerContext {
  if (!isPlainObject(value)) {
    // A promise that rejects later must not end the process.
    callSafely(() => value);
    throw configurationError(
      `context must return a plain object, at once, as in (identity) => ({ department: 'sales' }); it returned ${describeValue(value)}.`,
    );
  }
  const set = Object.entries(value).filter(([, one]) => one !== undefined);
  for (const [name, one] of set) {
    if (OWN_MEMBERS.includes(name) || GATEWAY_MEMBERS.includes(name)) {
      throw configurationError(`context returned ${describeValue(name)}, which is a name of the context itself.`);
    }
    if (!['string', 'boolean'].includes(typeof one) && !Number.isFinite(one)) {
      throw configurationError(
        `context returned ${describeValue(name)} with ${describeValue(one)}; values are strings, finite numbers and booleans.`,
      );
    }
  }
  return Object.fromEntries(set) as AuthorizerContext;
}
