import { distance } from '../../core/distance.ts';
import { isObject } from '../../core/json.ts';
import { isManifest } from './manifests.ts';
import { type Step, trailOf } from './trail.ts';

/*
 * A compiler stops at the first mistake. To find the next one, something harmless is put in place of the mistake. What stands
 * there then is never shown and never used.
 */

/** What was put in order, and under which path it goes on. */
export interface Repair {
  readonly renamed?: { readonly from: string; readonly to: string };
}

const OPERATOR = /^(and|or|not|nor)$/i;
const ALWAYS = { accept: true };
const RULE = { allow: { or: [ALWAYS] } };
const SETTINGS = ['routes', 'policy', 'jwt_claims_headers', 'pass_identity_headers', 'authenticate_service_url'];
const ROUTE_SETTINGS = ['policy', 'allowed_users', 'allowed_domains', 'allowed_idp_claims', 'from', 'to', 'prefix'];

/** In a policy; undefined where there is nothing to put in order. */
export function repairPolicy(holder: Record<string, unknown>, path: string): Repair | undefined {
  const steps = trailOf(holder, path);
  return repairCriterion(steps) || repairRule(steps) ? {} : undefined;
}

/**
 * In a configuration, as `compileRoutes` reads it. `isRepeated`: the same mistake came again. `id`: another one for each
 * mistake.
 */
export function repairConfiguration(
  holder: Record<string, unknown>,
  path: string,
  { id, isRepeated }: { id: number; isRepeated: boolean },
): Repair | undefined {
  const steps = trailOf(holder, path);
  const index = routeIndex(steps);
  const stub = { from: `https://refused-${id}.invalid`, to: 'http://refused.invalid' };
  const route = steps[index];
  if (route && isRepeated) {
    if (isStub(route.parent[route.key])) return undefined;
    route.parent[route.key] = stub;
    return {};
  }
  if (isRepeated) return undefined;
  if (repairCriterion(steps)) return {};
  if (route && index === steps.length - 1) return repairRoute(route, stub);
  const isInPolicy = index >= 0 && /^policy$/i.test(String(steps[index + 1]?.key));
  if (isInPolicy && repairRule(steps.slice(index + 1))) return {};
  return repairMember(steps, index >= 0 ? ROUTE_SETTINGS : SETTINGS, { ...stub, regex: `/refused-${id}` }, path);
}

/** In the documents of a file, before they are a configuration: the annotation is taken out, or the whole manifest. */
export function repairDocuments(holder: Record<string, unknown>, path: string): Repair | undefined {
  const steps = trailOf(holder, path);
  const last = steps.at(-1);
  if (!last || steps.length < 2) return undefined;
  const annotations = steps.findIndex(({ key }) => key === 'annotations');
  const manifest = steps.findLastIndex((step, i) => i > 0 && isItem(steps, i) && isManifestLike(step));
  if (annotations > 0 && steps[annotations + 1]) remove(steps[annotations + 1] as Step);
  else if (manifest > 0) put(steps[manifest] as Step, { kind: 'Refused', apiVersion: 'v1' });
  else if (steps.length === 2) put(last, null);
  else remove(last);
  return {};
}

function isItem(steps: readonly Step[], i: number): boolean {
  return i === 1 || steps[i - 1]?.key === 'items';
}

function isManifestLike({ parent, key }: Step): boolean {
  const value = parent[key];
  return isManifest(value) || (isObject(value) && isObject(value['metadata']));
}

/** The step that is the route: of a list under `routes` or `policy`, of a bare list, or the document itself. */
function routeIndex(steps: readonly Step[]): number {
  const [root, first, second] = steps;
  const value = root?.parent[root.key];
  if (hasFrom(value)) return 0;
  if (Array.isArray(value)) return first ? 1 : -1;
  if (!first || !/^(routes|policy)$/i.test(String(first.key))) return -1;
  if (hasFrom(first.parent[first.key])) return 1;
  return typeof second?.key === 'number' ? 2 : -1;
}

function hasFrom(value: unknown): boolean {
  return isObject(value) && Object.keys(value).some((key) => /^from$/i.test(key));
}

function isStub(value: unknown): boolean {
  return isObject(value) && value['to'] === 'http://refused.invalid' && Object.keys(value).length === 2;
}

function repairCriterion(steps: readonly Step[]): boolean {
  const last = steps.findLast(
    ({ parent, key }, i) =>
      Array.isArray(parent) && typeof key === 'number' && OPERATOR.test(String(steps[i - 1]?.key)),
  );
  if (last) put(last, ALWAYS);
  return last !== undefined;
}

/** What a rule has around its criteria: an item of the list, an action, an operator. */
function repairRule(steps: readonly Step[]): boolean {
  const last = steps.at(-1);
  if (!last || steps.length < 2) return false;
  if (typeof last.key === 'number') put(last, RULE);
  else remove(last);
  return true;
}

function repairRoute(step: Step, stub: { from: string; to: string }): Repair {
  const value = step.parent[step.key];
  if (!isObject(value)) put(step, stub);
  else if (!hasFrom(value)) put(step, { ...value, from: stub.from });
  else if (!value['to'] && !value['redirect'] && !value['response']) put(step, { ...value, to: stub.to });
  else setAnyCase(value, 'from', stub.from);
  return {};
}

function setAnyCase(object: Record<string, unknown>, name: string, value: unknown): void {
  const key = Object.keys(object).find((one) => one.toLowerCase() === name) ?? name;
  object[key] = value;
}

function repairMember(
  steps: readonly Step[],
  names: readonly string[],
  values: Readonly<Record<string, unknown>>,
  path: string,
): Repair | undefined {
  const last = steps.at(-1);
  if (!last || steps.length < 2) return undefined;
  const { parent, key } = last;
  if (typeof key === 'number') {
    parent[key] = isObject(parent[key]) ? {} : 'refused';
    return {};
  }
  const replacement = values[key.toLowerCase()];
  if (replacement !== undefined && names === ROUTE_SETTINGS) {
    parent[key] = replacement;
    return {};
  }
  const value = parent[key];
  if (typeof value === 'string' && /^(y|yes|on)$/i.test(value)) {
    parent[key] = true;
    return {};
  }
  remove(last);
  const meant = names.includes(key.toLowerCase()) ? undefined : names.find((name) => isMisspelt(key, name));
  if (meant === undefined || Object.keys(parent).some((one) => one.toLowerCase() === meant)) return {};
  parent[meant] = value;
  return { renamed: { from: path, to: path.slice(0, path.length - key.length) + meant } };
}

/** Two letters away at most, or in another spelling: what stands there is read as what is meant. */
function isMisspelt(key: string, name: string): boolean {
  const [a, b] = [key, name].map((one) => one.replaceAll(/[-_]/g, '').toLowerCase()) as [string, string];
  return distance(a, b) <= (name.length > 5 ? 2 : 1);
}

function put({ parent, key }: Step, value: unknown): void {
  parent[key] = value;
}

function remove({ parent, key }: Step): void {
  if (Array.isArray(parent)) parent[Number(key)] = null;
  else delete parent[key];
}
