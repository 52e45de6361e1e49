import { configurationError, describeType, describeValue, mistakeAt } from '../errors.ts';
import { deepFreeze, isObject, type JsonObject } from '../json.ts';
import { policyOf } from '../policy/compile.ts';
import { OWN_CLAIMS } from '../policy/criteria.ts';
import type { Policy } from '../policy/policy.ts';
import { anyOf, type Compiler, compileCriteria, compileRules, type Rule } from '../policy/rules.ts';
import { requireSubPolicyKeys } from './keys.ts';
import { join, readFlag, readSection, readTexts, type Section } from './settings.ts';

type Listed = readonly [at: string, criterion: JsonObject];

/**
 * Who may pass by a route: its settings, those of its sub-policies, and its policy (`ToPPL` in config/policy_ppl.go). Each
 * setting and each allow of the policy is one more way in; a deny stands above all. None of them: nobody.
 */
export interface Access {
  /** For whoever is signed in. */
  readonly policy: Policy;
  /** For nobody: only what needs no user lets them in. */
  readonly policyForNobody: Policy;
  /** The same in Pomerium's language, as data. */
  readonly ppl: readonly JsonObject[];
}

/** @throws {PomeriumError} `invalid_configuration` */
export function compileAccess(section: Section, compiler: Omit<Compiler, 'isForNobody' | 'criteria'>): Access {
  const settings = settingsOf(section);
  const document = policyDocument(section);
  const path = join(section.at, 'policy');
  const rulesFor = (isForNobody: boolean): Rule[] => {
    const own = { ...compiler, isForNobody, criteria: 0 };
    const operators = compileCriteria('allow', 'or', settings, section.at, own);
    const allow: Rule = {
      path: section.at,
      action: 'allow',
      operators,
      holds: anyOf(operators),
    };
    return [allow, ...(document === undefined ? [] : compileRules(document, own, path))];
  };
  const allow = settings.length > 0 ? [{ allow: { or: settings.map(([, criterion]) => criterion) } }] : [];
  return {
    policy: policyOf(rulesFor(false)),
    policyForNobody: policyOf(rulesFor(true)),
    ppl: deepFreeze([...allow, ...[document ?? []].flat().filter(isObject)]),
  };
}

function policyDocument({ at, values }: Section): unknown {
  const { policy } = values;
  if (typeof policy !== 'string') return policy ?? undefined;
  const path = join(at, 'policy');
  throw mistakeAt(path, ' is text, which Pomerium refuses: write the rules themselves, without the "|".');
}

/** The settings as criteria of one `or`. */
function settingsOf(section: Section): Listed[] {
  const flag = (key: string, criterion: string): Listed[] =>
    readFlag(section, key) ? [[join(section.at, key), { [criterion]: true }]] : [];
  const isPublic = flag('allow_public_unauthenticated_access', 'accept');
  const isForAny = flag('allow_any_authenticated_user', 'authenticated_user');
  const isPreflight = flag('cors_allow_preflight', 'cors_preflight');
  requireOneAudience(section, isPublic.length > 0, isForAny.length > 0);
  const sections = [section, ...subPoliciesOf(section)];
  return [
    ...isPublic,
    ...isPreflight,
    ...isForAny,
    ...isOneOf(sections, 'allowed_domains', ['domain']),
    ...sections.flatMap(claimsOf),
    ...isOneOf(sections, 'allowed_users', ['user', 'email']),
  ];
}

/** Pomerium does not start where a route is for everybody and for some; a list counts even if it is empty. */
function requireOneAudience({ at, values }: Section, isPublic: boolean, isForAny: boolean): void {
  const list = ['allowed_users', 'allowed_domains'].find((key) => values[key] !== undefined && values[key] !== null);
  const other = list ?? (isPublic && isForAny ? 'allow_any_authenticated_user' : undefined);
  if (!other || (!isPublic && !isForAny)) return;
  const flag = isPublic ? 'allow_public_unauthenticated_access' : 'allow_any_authenticated_user';
  throw configurationError(`${at} has ${flag} and ${other}, which Pomerium refuses; take one of them out.`, {
    path: join(at, flag),
  });
}

/** One criterion for all values of a setting, of the route and of its sub-policies. */
function isOneOf(sections: readonly Section[], key: string, criteria: readonly string[]): Listed[] {
  const texts = sections.flatMap((section) => readTexts(section, key) ?? []);
  const [first] = texts;
  if (!first) return [];
  const [text, at] = first;
  const matcher = texts.length === 1 ? { is: text } : { in: texts.map(([one]) => one) };
  return criteria.map((criterion): Listed => [at, { [criterion]: matcher }]);
}

function claimsOf(section: Section): Listed[] {
  const claims = readSection(section.values['allowed_idp_claims'], join(section.at, 'allowed_idp_claims'));
  return Object.keys(claims?.values ?? {})
    .sort()
    .flatMap((claim) => {
      const { values } = claims as Section;
      if (isObject(values[claim])) {
        const path = join((claims as Section).at, claim);
        throw mistakeAt(path, ` must be a list of values; it is ${describeType(values[claim])}.`);
      }
      return (readTexts(claims as Section, claim) ?? []).map(
        ([value, at]): Listed => [at, { [`claim/${claim}`]: value }],
      );
    });
}

function subPoliciesOf({ at, values }: Section): Section[] {
  const list = values['sub_policies'];
  const path = join(at, 'sub_policies');
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) {
    throw mistakeAt(path, ` must be a list; it is ${describeType(list)}.`);
  }
  return list.map((one, i) => {
    const section = readSection(one, `${path}[${i}]`) ?? { at: `${path}[${i}]`, values: {} };
    requireSubPolicyKeys(section);
    const { rego } = section.values;
    if (rego === undefined || rego === null || (Array.isArray(rego) && rego.length === 0)) return section;
    const place = join(section.at, 'rego');
    throw mistakeAt(place, ': Rego cannot be decided here; write the rule into policy.');
  });
}

/** What an assertion answers behind a route, beside what it answers anywhere. */
export function answerableBy({
  claims,
  listClaims,
  rewrites,
  filtersGroups,
}: {
  claims: ReadonlySet<string> | undefined;
  listClaims: ReadonlySet<string> | undefined;
  rewrites: boolean;
  filtersGroups: boolean;
}): NonNullable<Compiler['requireAnswer']> {
  return ({ name, subPath, path, mayOpen }) => {
    const fail = (why: string) => mistakeAt(path, ` cannot be decided: ${why}.`);
    const hasNoDirectory = listClaims?.has('groups') ?? false;
    if (name === 'http_path' && rewrites) {
      throw fail('the route rewrites the path, so that the service is asked for another; leave http_path to Pomerium');
    }
    if (name === 'groups' && hasNoDirectory) {
      throw fail("listClaims says that groups are a claim of the identity provider, which Pomerium's groups are not");
    }
    if (name === 'groups' && filtersGroups && mayOpen) {
      throw fail('jwt_groups_filter keeps groups out of the assertion, and here a missing one would let people in');
    }
    if (name !== 'claim' || subPath === '') return;
    if (subPath === 'groups') {
      if (hasNoDirectory) return;
      throw fail(
        "Pomerium asks the identity provider's claim, and an assertion has the groups of a directory, where there is one; write groups, or name groups in listClaims if this Pomerium has no directory",
      );
    }
    if (subPath === 'email' || subPath === 'name') {
      throw fail(`${subPath} in an assertion is Pomerium's own; write ${subPath === 'email' ? 'email' : 'user'}`);
    }
    if (claims && !claims.has(subPath) && !OWN_CLAIMS.has(subPath)) {
      throw fail(
        `jwt_claims_headers does not name ${describeValue(subPath)}, so that no assertion has it; add it there`,
      );
    }
  };
}
