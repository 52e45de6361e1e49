import type { JsonObject } from '../../core/json.ts';
import { isHttpUrl, requireHostNames } from '../input.ts';
import { UsageError } from '../output.ts';
import { examineFile, requireUsable } from '../routes/examine.ts';
import { type Expected, expectedAt } from './expected.ts';
import { readCookie, type Session } from './session.ts';
import { readSomebody, type SomebodyOptions } from './somebody.ts';

/** As whom the endpoint is examined. */
export interface Plan {
  readonly audience: string;
  readonly issuerFormat: 'host' | 'uri';
  /** Claims of whoever must get in. Without them it is anybody, or with routes nobody who is known. */
  readonly somebody?: JsonObject | undefined;
  /** What the routes say, where they are given. */
  readonly expected?: Expected;
  readonly session?: Session;
}

export interface PlanOptions extends SomebodyOptions {
  readonly audience?: string | undefined;
  readonly issuerFormat: 'host' | 'uri';
  readonly config?: string | undefined;
  readonly host?: readonly string[] | undefined;
  readonly leave?: readonly string[] | undefined;
  readonly listClaims?: readonly string[] | undefined;
  readonly cookie?: string | undefined;
  readonly pomerium?: string | undefined;
}

/** @throws {UsageError} */
export async function readPlan(url: string, options: PlanOptions): Promise<Plan> {
  const plan = await readRoutesPlan(url, options);
  const { cookie, pomerium = `https://${plan.audience}` } = options;
  if (cookie === undefined) {
    if (options.pomerium !== undefined) throw new UsageError('--pomerium is for --cookie; say both.');
    return plan;
  }
  if (!isHttpUrl(pomerium)) {
    throw new UsageError(`--pomerium takes an http(s) URL; ${JSON.stringify(pomerium)} is none.`);
  }
  return { ...plan, session: { origin: pomerium, cookie: await readCookie(cookie) } };
}

async function readRoutesPlan(url: string, options: PlanOptions): Promise<Plan> {
  const { audience, config, issuerFormat, host, leave, listClaims } = options;
  const somebody = await readSomebody(options);
  if (config === undefined) {
    if (host ?? leave ?? listClaims) throw new UsageError('--host, --leave and --list-claims are for --config.');
    if (audience === undefined) throw new UsageError('Say --audience, the route’s host in Pomerium, or --config.');
    requireHostNames('audience', [audience]);
    return { audience, issuerFormat, somebody };
  }
  const hosts = host ?? (audience === undefined ? undefined : [audience]);
  const routes = requireUsable(await examineFile(config, { hosts, leaveToPomerium: leave, listClaims }));
  const [first = '', ...others] = hosts ?? routes.hosts;
  if (first.includes('*') || (hosts === undefined && others.length > 0)) {
    throw new UsageError(`Which host is this endpoint for? Say --host with one of ${routes.hosts.join(', ')}.`);
  }
  const { pathname, search } = new URL(url);
  const expected = expectedAt(routes, new URL(pathname + search, `https://${first}`), somebody);
  if (somebody && !expected.allowed) {
    throw new UsageError('The routes refuse this person here; say --as or --groups with somebody whom they let in.');
  }
  const { issuerFormat: format, allowed } = expected;
  return { audience: first.replace(/:\d+$/, ''), issuerFormat: format, somebody: allowed?.claims, expected };
}
