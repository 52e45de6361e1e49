import { isObject, type JsonObject } from '../../core/json.ts';
import { ANYBODY, type IsLeft, NOBODY, type Phrase, PREFLIGHTS, phraseOf, SIGNED_IN } from './phrases.ts';

/** Who passes by themselves, or a line of its own. */
type Way = { readonly people: readonly string[] } | { readonly line: string };

/**
 * Who may pass by a policy, in words: a line for each way in, and for each denial. `isLeft`: whether a criterion, by its name
 * as it is written, is left to Pomerium.
 */
export function describePolicy(policy: readonly JsonObject[], isLeft: IsLeft): string[] {
  const rules = policy.flatMap((document) => Object.entries(document));
  const waysOf = (action: 'allow' | 'deny') =>
    rules
      .filter(([name]) => name === action)
      .flatMap(([, body]) => Object.entries(isObject(body) ? body : {}))
      .flatMap(([operator, list]) => describeOperator(operator, criteriaOf(list), { isLeft, action }));
  const allow = linesOf(waysOf('allow'));
  const deny = linesOf(waysOf('deny'));
  const [first = NOBODY, ...others] = allow;
  return [first, ...others.map((line) => `or ${line}`), ...deny.map((line) => `deny: ${line}`)];
}

function criteriaOf(list: unknown): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

interface Context {
  readonly isLeft: IsLeft;
  readonly action: 'allow' | 'deny';
}

function describeOperator(operator: string, criteria: readonly JsonObject[], { isLeft, action }: Context): Way[] {
  const phrases = withoutTwins(criteria).map((one) => phraseOf(one, isLeft));
  if (phrases.length === 0) return [];
  // What is left to Pomerium lets nobody in who is not signed in.
  const asksWho = phrases.some(
    ({ kind, texts }) => (kind === 'left' && action === 'allow') || texts.includes(SIGNED_IN),
  );
  const everybody = asksWho ? SIGNED_IN : ANYBODY;
  switch (operator) {
    case 'or': {
      const [people, conditions] = split(phrases);
      const lines = conditions.map((one) => ({
        line: allOf([one], one.kind === 'left' && action === 'allow' ? SIGNED_IN : ANYBODY),
      }));
      return [{ people: people.flatMap(({ texts }) => texts) }, ...lines];
    }
    case 'and':
      return [{ line: allOf(phrases, everybody) }];
    case 'not':
      return [{ line: noneOf(phrases, everybody) }];
    case 'nor':
      return [{ line: phrases.length === 1 ? noneOf(phrases, everybody) : notAllOf(phrases) }];
    default:
      return [];
  }
}

/** The setting allowed_users asks for a user's id and for the same as e-mail. */
function withoutTwins(criteria: readonly JsonObject[]): readonly JsonObject[] {
  const emails = new Set(criteria.flatMap(({ email }) => (email === undefined ? [] : JSON.stringify(email))));
  return criteria.filter(({ user }) => user === undefined || !emails.has(JSON.stringify(user)));
}

function split(phrases: readonly Phrase[]): [people: Phrase[], conditions: Phrase[]] {
  return [phrases.filter(({ kind }) => kind === 'person'), phrases.filter(({ kind }) => kind !== 'person')];
}

/** All who pass by themselves stand on one line. Where anybody may, no other way in matters. */
function linesOf(ways: readonly Way[]): string[] {
  const people = ways.flatMap((way) => ('people' in way ? way.people : []));
  const lines = ways.flatMap((way) => ('line' in way ? [way.line] : []));
  const all = [...new Set([...people, ...lines.filter((line) => line === ANYBODY || line === SIGNED_IN)])];
  if (all.includes(ANYBODY)) return [ANYBODY];
  const others = lines.filter((line) => line !== NOBODY && line !== SIGNED_IN);
  if (!all.includes(SIGNED_IN)) return [...listOf(all), ...others];
  const preflights = all.filter((one) => one === PREFLIGHTS);
  return [[SIGNED_IN, ...preflights].join(', '), ...others.filter((line) => line.startsWith(ANYBODY))];
}

const MAX_SHOWN = 20;

/** Groups last, as one: `alice@example.com, groups admins, staff`. */
function listOf(people: readonly string[]): string[] {
  const named = people.filter((one) => one !== NOBODY);
  const groups = named.filter(isGroup).map((one) => one.slice('group '.length));
  const others = named.filter((one) => !isGroup(one));
  const shown = [
    ...(others.length > 0 ? [shorten(others)] : []),
    ...(groups.length > 0 ? [`${groups.length > 1 ? 'groups' : 'group'} ${shorten(groups)}`] : []),
  ];
  return shown.length > 0 ? [shown.join(', ')] : [];
}

function isGroup(text: string): boolean {
  return /^group \S+$|^group "/.test(text) && !text.includes(' and ');
}

function shorten(people: readonly string[], separator = ', '): string {
  const more = people.length - MAX_SHOWN;
  return more > 1 ? `${people.slice(0, MAX_SHOWN).join(separator)} and ${more} more` : people.join(separator);
}

function oneOf({ texts }: Phrase): string {
  return texts.length > 1 ? `(${shorten(texts, ' or ')})` : (texts[0] ?? NOBODY);
}

/** `everybody`: who it is where nobody is named. */
function allOf(phrases: readonly Phrase[], everybody: string): string {
  const [people, conditions] = split(phrases);
  const named = people.filter(({ texts }) => !texts.includes(ANYBODY) && !texts.includes(SIGNED_IN)).map(oneOf);
  if (named.includes(NOBODY)) return NOBODY;
  const who = named.length > 0 ? named.join(' and ') : everybody;
  return conditions.length === 0 ? who : `${who}, if ${conditions.map(oneOf).join(' and ')}`;
}

function noneOf(phrases: readonly Phrase[], everybody: string): string {
  const [people, conditions] = split(phrases);
  const names = people.flatMap(({ texts }) => texts).filter((one) => one !== NOBODY);
  if (names.includes(ANYBODY)) return NOBODY;
  if (names.includes(SIGNED_IN)) return 'whoever is not signed in';
  const who = names.length > 0 ? `everybody but ${listOf(names).join(', ')}` : everybody;
  return conditions.length === 0 ? who : `${who}, unless ${conditions.map(oneOf).join(' or ')}`;
}

/** Pomerium's `nor` holds when not all of them do. */
function notAllOf(phrases: readonly Phrase[]): string {
  return `everybody but who is all of this: ${phrases.map(oneOf).join('; ')}`;
}
