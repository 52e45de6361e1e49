import type { Identity } from '../../core/adapter.ts';
import { GATEWAY_MEMBERS, OWN_MEMBERS } from './authorizer-context.ts';
import { type Member, textOf, toMember } from './member.ts';

/** For whom an authorizer let a request in, as its context says. Frozen; times in seconds since the epoch. */
export interface AuthorizedIdentity
  extends Pick<
    Identity,
    'subject' | 'user' | 'email' | 'name' | 'groups' | 'sessionId' | 'tokenId' | 'issuer' | 'issuedAt' | 'expiresAt'
  > {
  /** The user for whom this caller acts. */
  readonly onBehalfOf?: Pick<Identity, 'subject'> | undefined;
  /** With `routes`: the name of the route in Pomerium, or its `from`. */
  readonly route?: string | undefined;
  /** What the authorizer's option `context` added, as text: REST and WebSocket APIs make text of everything. */
  readonly context: Readonly<Record<string, string | undefined>>;
  /** What did not fit and so is missing, or, for `groups`, not all. */
  readonly truncated: readonly string[];
}

/**
 * The identity in a function behind `createAuthorizer`: of a proxy integration of an HTTP API (2.0 and 1.0), a REST or a
 * WebSocket API, and of an AppSync resolver. Undefined where no such authorizer let the request in.
 *
 * It believes the event, `requestContext.authorizer` or `identity.resolverContext` of it, and nothing that a client sends: no header and
 * no body. So only API Gateway and AppSync may call the function, and not with an event that is made of what a client sends: a
 * body, the arguments of GraphQL, a message of IoT. It verifies nothing: whoever else may invoke the function may be anybody. A
 * WebSocket's identity is that of its opening, whatever `expiresAt` says.
 *
 * @example
 * ```ts
 * export async function handler(event: APIGatewayProxyEventV2) {
 *   const identity = readIdentity(event)
 *   if (!identity?.groups.includes('billing')) return { statusCode: 403 }
 * }
 * ```
 */
export function readIdentity(event: unknown): AuthorizedIdentity | undefined {
  const context = contextIn(toMember(event));
  const member = (name: string): unknown => (Object.hasOwn(context, name) ? context[name] : undefined);
  const text = (name: string): string | undefined => textOf(member(name));
  const [subject, user, issuer] = [text('subject'), text('user'), text('issuer')];
  const [issuedAt, expiresAt] = [numberOf(member('issuedAt')), numberOf(member('expiresAt'))];
  const groups = listOf(text('groups'));
  if (!subject || !user || !issuer || issuedAt === undefined || expiresAt === undefined || !groups) return undefined;
  const original = text('onBehalfOf');
  return Object.freeze({
    subject,
    user,
    email: text('email'),
    name: text('name'),
    groups,
    sessionId: text('sessionId'),
    tokenId: text('tokenId'),
    issuer,
    issuedAt,
    expiresAt,
    onBehalfOf: original === undefined ? undefined : Object.freeze({ subject: original }),
    route: text('route'),
    context: addedIn(context),
    truncated: Object.freeze(text('truncated')?.split(',') ?? []),
  });
}

/** Where the service puts what its authorizer said. An HTTP API with payload 2.0 has it one deeper, 1.0 beside `claims`. */
function contextIn({ version, requestContext, identity, info }: Member): Member {
  if (requestContext === undefined) {
    // A resolver's event says which field it is for.
    return info === undefined ? {} : toMember(toMember(identity)['resolverContext']);
  }
  const authorizer = toMember(toMember(requestContext)['authorizer']);
  return version === '2.0' ? toMember(authorizer['lambda']) : authorizer;
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The groups, from their JSON. */
function listOf(json: string | undefined): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(json ?? '');
    return Array.isArray(list) && list.every((one) => typeof one === 'string') ? Object.freeze(list) : undefined;
  } catch {
    return undefined;
  }
}

function addedIn(context: Member): Readonly<Record<string, string>> {
  const added = Object.entries(context).flatMap(([name, value]) => {
    const isOurs = OWN_MEMBERS.includes(name) || GATEWAY_MEMBERS.includes(name);
    return isOurs || !['string', 'number', 'boolean'].includes(typeof value) ? [] : [[name, String(value)]];
  });
  // A name that was not added is undefined, `constructor`, too.
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(added)));
}
