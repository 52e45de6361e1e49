import {
  consoleLog,
  createGate,
  type Gate,
  type GateContext,
  type GateOptions,
  type GatePlatform,
  type GateRequest,
  gateOrBroken,
} from '../../core/adapter.ts';
import { compilePolicy, type PomeriumEvent, staticKeys } from '../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from './issuer.ts';

export const ASSERTION = 'x-pomerium-jwt-assertion';
export const ORIGIN = `https://${HOST}`;

export const key = await makeKey();
const token = await sign(key);

/** Headers of requests, by who sends them. All assertions are of `key`. */
export const SENDERS = {
  nobody: {},
  alice: { [ASSERTION]: token },
  admin: { [ASSERTION]: await sign(key, { sub: 'u-admin', user: 'u-admin', groups: ['admins'] }) },
  blank: { [ASSERTION]: ' ' },
  anonymous: { [ASSERTION]: await sign(key, { sub: '', user: '', email: '' }) },
  expired: { [ASSERTION]: await sign(key, { exp: 1 }) },
  twice: { [ASSERTION]: `${token}, ${token}` },
} as const satisfies Record<string, Record<string, string>>;

export type Sender = keyof typeof SENDERS;

const firstKey = await makeKey();
const FIRST = 'first.corp.example.com';

/** A route before this one, from which Alice may act for others. */
export const firstRoute = {
  onBehalfOf: {
    audience: FIRST,
    keys: staticKeys(jwks(firstKey)),
    callers: compilePolicy({ allow: { or: [{ user: 'u-alice' }] } }),
  },
  sign: (claims: Record<string, unknown> = {}) => sign(firstKey, { aud: FIRST, iss: FIRST, ...claims }),
};

/** A gate for `HOST` at `NOW`, and what it told: its log and the listener of its options. */
export interface GateRig {
  readonly gate: Gate<Request>;
  readonly events: PomeriumEvent[];
  readonly lines: { readonly level: string; readonly line: unknown }[];
  /** Whom the gate let in (`nobody`: no identity), or the code of its refusal. */
  ask(request: Partial<GateRequest>, context?: GateContext): Promise<string>;
}

/** Configured by the options alone, but for `env`. A configuration that cannot work makes a gate that refuses everything. */
export function makeGateRig(
  options: GateOptions<Request> = {},
  { env = {}, ...platform }: Partial<GatePlatform> & { env?: object } = {},
): GateRig {
  const lines: GateRig['lines'] = [];
  const events: PomeriumEvent[] = [];
  const writer = (level: string) => (line: unknown) => void lines.push({ level, line });
  const log = consoleLog({ info: writer('info'), warn: writer('warn'), error: writer('error') });
  const base = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: JSON.stringify(jwks(key)) };
  const given = { now: () => NOW, onEvent: (event: PomeriumEvent) => events.push(event), ...options };
  const gate = gateOrBroken<Request>(() => createGate({ ...base, ...env }, given, { log, ...platform }), {
    log,
    ...platform,
  });
  return {
    gate,
    events,
    lines,
    async ask(request, context) {
      const result = await gate.authorize({ method: 'GET', url: `${ORIGIN}/`, headers: {}, ...request }, context);
      return result.type === 'allow' ? (result.identity?.subject ?? 'nobody') : result.error.code;
    },
  };
}

/** What happened, in short: the codes of refusals, `verified`, or another event's type. */
export function eventNames(events: readonly PomeriumEvent[]): string[] {
  return events.map((event) => {
    if (event.type === 'assertion_verified') return 'verified';
    return event.type === 'assertion_refused' ? event.code : event.type;
  });
}
