import { PomeriumError } from '../core/errors.ts';
import { compilePolicy, type Policy, type PolicyOptions } from '../core/index.ts';
import { isObject } from '../core/json.ts';
import { claimsIn } from './routes/claims.ts';
import { isManifest } from './routes/manifests.ts';
import { pathTo } from './routes/path.ts';
import { inOrder, type Problem } from './routes/problem.ts';
import type { ConfigurationFile } from './routes/read.ts';
import { repairPolicy } from './routes/repair.ts';
import { copyOf } from './routes/trail.ts';

/** A file with one policy, and what can be decided of it. */
export interface PolicyFile {
  readonly value: unknown;
  /** Undefined where something is refused. */
  readonly policy: Policy | undefined;
  readonly problems: readonly Problem[];
  /** What must be so for its answers to be right. */
  readonly notes: readonly Problem[];
  /** What is left to Pomerium. */
  readonly left: readonly Problem[];
}

const CONFIGURATION_KEY = /^(routes|policy|from|config|pomerium|services|authenticate_service_url)$/i;

/** Whether a file holds routes, and not one policy. */
export function holdsRoutes({ documents }: ConfigurationFile): boolean {
  const [first] = documents;
  if (documents.some(isManifest)) return true;
  if (Array.isArray(first)) return first.some((item) => isObject(item) && Object.keys(item).some(isFrom));
  return isObject(first) && Object.keys(first).some((key) => CONFIGURATION_KEY.test(key));
}

function isFrom(key: string): boolean {
  return /^from$/i.test(key);
}

const MAX_PROBLEMS = 100;

export function examinePolicy({ documents, placeOf }: ConfigurationFile, options: PolicyOptions): PolicyFile {
  compilePolicy([], options);
  const [value] = documents;
  const second = documents.findIndex((document, i) => i > 0 && document !== null);
  const told = (path: string, message: string): Problem => ({ path, message, place: placeOf(path) });
  const at = (path: string) => (path.startsWith('[') ? `[0]${path}` : pathTo('[0]', path));
  const { problems, policy } = compile(value, options, (path, message) => told(at(path), message));
  const all =
    second < 0
      ? problems
      : [
          ...problems,
          told(pathTo('', second), 'A policy is one document; write its rules as one list, without "---".'),
        ];
  return {
    value,
    policy: all.length === 0 ? policy : undefined,
    problems: inOrder(all),
    notes: all.length > 0 ? [] : claimsIn(value).map(({ path, claim }) => told(at(path), noteOn(claim, options))),
    left: (policy?.left ?? []).map((path) => told(at(path), `${path} is left to Pomerium.`)),
  };
}

function compile(
  value: unknown,
  options: PolicyOptions,
  told: (path: string, message: string) => Problem,
): { problems: Problem[]; policy: Policy | undefined } {
  const holder = { policy: copyOf(value) };
  const problems: Problem[] = [];
  const seen = new Set<string>();
  while (problems.length < MAX_PROBLEMS) {
    try {
      return { problems, policy: compilePolicy(holder.policy, options) };
    } catch (error) {
      if (!(error instanceof PomeriumError)) throw error;
      const { path = '', message } = error;
      if (seen.has(path + message)) break;
      seen.add(path + message);
      problems.push(told(path, message));
      if (!repairPolicy(holder, path)) break;
    }
  }
  return { problems, policy: undefined };
}

function noteOn(claim: string, { listClaims }: PolicyOptions): string {
  const needs = `claim/${claim} needs jwt_claims_headers in Pomerium to name ${claim}`;
  return listClaims ? `${needs}.` : `${needs}, and --list-claims ${claim} (listClaims) if it may have several values.`;
}
