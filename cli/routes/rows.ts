import type { ExplainedRoute } from '../../core/index.ts';
import { isObject } from '../../core/json.ts';
import type { Examined } from './examine.ts';
import { isWithin } from './path.ts';
import { trailOf } from './trail.ts';
import { describePolicy } from './words.ts';

/** A route as it is shown. */
export interface Row {
  /** Where it stands in the configuration: `routes[0]`. */
  readonly at: string;
  /** `file:line:column`. */
  readonly place: string;
  readonly name?: string | undefined;
  readonly host: string;
  /** `/x*`, `= /x` or `~ regex`. */
  readonly path: string;
  /** In words, a line for each way in and each denial; nothing where it is not decided here. */
  readonly who: readonly string[];
  readonly decided: 'here' | 'in part' | 'refused' | 'at Pomerium' | 'another host' | 'not HTTP';
  /** The criteria that are left to Pomerium. */
  readonly left: readonly string[];
  /** How Pomerium answers itself, or the scheme of what is no HTTP. */
  readonly how?: string | undefined;
  /** Why no assertion arrives, where none does. */
  readonly withoutAssertion?: 'pass_identity_headers' | 'remove_request_headers' | undefined;
  /** Whether `set_request_headers` writes a second one. */
  readonly hasTwoAssertions: boolean;
  /** Whether a value has a "*", which is no pattern for Pomerium. */
  readonly hasStar: boolean;
  /** Whether everybody who is signed in passes here, since the rest is left to Pomerium. */
  readonly opensToAll: boolean;
  /** Whether who is not signed in passes by a rule that does not say so. */
  readonly letsNobodyIn: boolean;
  readonly rewritesPath: boolean;
  /** The earlier route that takes all of its paths. */
  readonly hiddenBy?: string | undefined;
}

export function rowsOf(examined: Examined, leave: readonly string[]): Row[] {
  const { routes, originOf, placeOf } = examined;
  const explained = routes?.explain() ?? [];
  const isKnown = explained.length > 0 && !hasGlobalProblem(explained, examined);
  return explained.map((route, i) => {
    const written = isRefused(route, examined) ? writtenRoute(examined.configuration, route.at) : undefined;
    const left = leave.filter((name) =>
      route.left.some((path) => path.endsWith(`.${name}`) || path.includes(`.${name}/`) || asksFor(path, name)),
    );
    const decided = written ? 'refused' : decidedOf(route);
    const isHere = decided === 'here' || decided === 'in part';
    const { at, name, rewritesPath, passesAssertion } = route;
    return {
      at,
      place: placeOf(originOf(at)),
      ...(name !== undefined && { name }),
      host: hostOf(written?.from ?? route.from),
      path: written?.path ?? pathOf(route.match),
      who: isHere ? describePolicy(route.policy, (one) => leave.includes(one)) : [],
      decided,
      left: isHere ? left : [],
      how: howOf(route),
      withoutAssertion: isHere && isKnown && !passesAssertion ? reasonAt(examined.configuration, at) : undefined,
      hasTwoAssertions: isHere && passesAssertion && writesAssertion(examined.configuration, at),
      hasStar: isHere && JSON.stringify(route.policy).includes('*'),
      opensToAll: isHere && opensToAll(route, leave),
      letsNobodyIn: isHere && route.letsNobodyIn && !isPublic(route),
      rewritesPath: isHere && rewritesPath,
      hiddenBy: isHere ? hiddenBy(route, explained.slice(0, i))?.at : undefined,
    };
  });
}

/** Client certificates are asked for by settings, too. */
function asksFor(path: string, name: string): boolean {
  return (
    name === 'invalid_client_certificate' && /(^|\.)(downstream_mtls|tls_downstream_client_ca(_file)?)$/.test(path)
  );
}

/** Whether a criterion that is left is one of several ways in, or all that an allow rule asks: then it lets everybody in. */
function opensToAll({ policy }: ExplainedRoute, leave: readonly string[]): boolean {
  const isLeft = (criterion: object) =>
    Object.keys(criterion).some((key) => leave.includes(key) || leave.includes(key.replace(/\/.*/, '')));
  const listOf = (allow: unknown, operator: string) => {
    const list = isObject(allow) ? allow[operator] : undefined;
    return Array.isArray(list) ? list.filter(isObject) : [];
  };
  return policy.some(
    ({ allow }) =>
      listOf(allow, 'or').some(isLeft) ||
      ['and', 'not'].some((operator) => {
        const list = listOf(allow, operator);
        return list.length > 0 && list.every(isLeft);
      }),
  );
}

function decidedOf({ end, isDecidedHere, left }: ExplainedRoute): Row['decided'] {
  if (end === 'not http') return 'not HTTP';
  if (end !== 'upstream') return 'at Pomerium';
  if (!isDecidedHere) return 'another host';
  return left.length > 0 ? 'in part' : 'here';
}

function howOf({ end, from }: ExplainedRoute): string | undefined {
  if (end === 'not http') return from.replace(/:\/\/.*/, '').replace(/\+.*/, '');
  if (end === 'unchecked') return 'sign-in';
  return end === 'upstream' ? undefined : end;
}

/** Whether something of it is refused. */
function isRefused(route: ExplainedRoute, examined: Examined): boolean {
  return examined.problems.some(({ path }) => isWithin(path, wholeOf(route, examined)));
}

/** What is refused with it: Pomerium's controller refuses an Ingress as a whole. */
function wholeOf({ at }: ExplainedRoute, { kind, originOf }: Examined): string {
  const origin = originOf(at);
  return kind === 'ingress' ? (/^\[\d+\](\.items\[\d+\])*/.exec(origin)?.[0] ?? origin) : origin;
}

/** Then it is not known what is said of all routes. */
function hasGlobalProblem(explained: readonly ExplainedRoute[], examined: Examined): boolean {
  const wholes = explained.map((route) => wholeOf(route, examined));
  return examined.problems.some(({ path }) => !wholes.some((whole) => isWithin(path, whole)));
}

/** Whether it says that everybody may pass. */
function isPublic({ policy }: ExplainedRoute): boolean {
  return JSON.stringify(policy).includes('"accept"');
}

/** A setting of a route as it is written, whatever the case of its name. */
function settingAt(configuration: unknown, at: string, name: string): unknown {
  const step = trailOf({ configuration }, at).at(-1);
  const route = step?.parent[step.key];
  return Object.entries(isObject(route) ? route : {}).find(([key]) => key.toLowerCase() === name)?.[1];
}

function reasonAt(configuration: unknown, at: string): Row['withoutAssertion'] {
  const removed = JSON.stringify(settingAt(configuration, at, 'remove_request_headers') ?? '');
  return /x-pomerium-jwt-assertion/i.test(removed) ? 'remove_request_headers' : 'pass_identity_headers';
}

function writesAssertion(configuration: unknown, at: string): boolean {
  const headers = settingAt(configuration, at, 'set_request_headers');
  return isObject(headers) && Object.keys(headers).some((name) => /^x-pomerium-jwt-assertion$/i.test(name));
}

/** What is written of a route that is refused: something else was put in its place. */
function writtenRoute(configuration: unknown, at: string): { from: string; path: string } {
  const textOf = (name: string) => {
    const value = settingAt(configuration, at, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const by = (['regex', 'path', 'prefix'] as const).find((key) => textOf(key) !== undefined) ?? 'prefix';
  return { from: textOf('from') ?? '(no from)', path: pathOf({ by, text: textOf(by) ?? '/' }) };
}

/** Without the scheme that most have. */
function hostOf(from: string): string {
  return from.replace(/^https?:\/\//i, '').replace(/\/?([?#].*)?$/s, '') || from;
}

function pathOf({ by, text }: ExplainedRoute['match']): string {
  if (by === 'prefix') return `${text}*`;
  return by === 'path' ? `= ${text}` : `~ ${text}`;
}

/** Pomerium takes the first route that fits, so that a later one may never be met. */
function hiddenBy(route: ExplainedRoute, earlier: readonly ExplainedRoute[]): ExplainedRoute | undefined {
  const host = hostOf(route.from).toLowerCase();
  return earlier.find(
    ({ from, match, end }) =>
      end !== 'not http' &&
      hostOf(from).toLowerCase() === host &&
      match.by === 'prefix' &&
      (match.text === '/' || (route.match.by !== 'regex' && route.match.text.startsWith(match.text))),
  );
}
