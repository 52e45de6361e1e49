import { isObject, type JsonObject } from '../../core/json.ts';
import { safeJson, safeText } from '../../inspector/text.ts';

/**
 * A criterion in words: a `person` (one of `texts`), a condition on the `request`, or one that is `left` to Pomerium.
 */
export interface Phrase {
  readonly kind: 'person' | 'request' | 'left';
  readonly texts: readonly string[];
}

export const ANYBODY = 'anybody';
export const NOBODY = 'nobody';
export const SIGNED_IN = 'everybody who is signed in';
export const PREFLIGHTS = 'preflights (CORS)';

export type IsLeft = (name: string) => boolean;

export function phraseOf(criterion: JsonObject, isLeft: IsLeft): Phrase {
  const [[key = '', data] = []] = Object.entries(criterion);
  const name = key.split('/', 1)[0] ?? '';
  const other = `${safeText(key)} ${typeof data === 'string' ? show(data) : safeJson(data)}`;
  if (isLeft(key) || isLeft(name)) return { kind: 'left', texts: [`${other} (left to Pomerium)`] };
  const isRequest = name === 'http_method' || name === 'http_path';
  const describe = WORDS.get(name);
  if (!describe) return { kind: 'request', texts: [other] };
  return { kind: isRequest ? 'request' : 'person', texts: describe(data, safeText(key.slice(name.length + 1))) };
}

const WORDS: ReadonlyMap<string, (data: unknown, claim: string) => readonly string[]> = new Map([
  ['accept', () => [ANYBODY]],
  ['reject', () => [NOBODY]],
  ['authenticated_user', () => [SIGNED_IN]],
  ['cors_preflight', () => [PREFLIGHTS]],
  ['email', (data: unknown) => personWhose('e-mail', data, (text) => text)],
  ['domain', (data: unknown) => personWhose('domain', data, (text) => `@${text}`)],
  ['user', (data: unknown) => personWhose('user id', data, (text) => `user ${text}`)],
  ['groups', describeGroups],
  ['claim', describeClaim],
  ['http_method', (data: unknown) => [matchText('the method', data)]],
  ['http_path', (data: unknown) => [matchText('the path', data)]],
]);

const OPERATORS: Readonly<Record<string, string>> = {
  is: 'is',
  not: 'is not',
  contains: 'contains',
  starts_with: 'starts with',
  ends_with: 'ends with',
  in: 'is',
  not_in: 'is not',
};

function matchText(subject: string, data: unknown): string {
  const parts = Object.entries(isObject(data) ? data : { is: data }).map(([operator, value]) => {
    const texts = [value].flat().map(show);
    return `${OPERATORS[operator] ?? operator} ${texts.join(' or ') || 'nothing'}`;
  });
  return `${subject} ${parts.join(' and ') || 'is anything'}`;
}

/** `name`: what somebody is called whose e-mail, say, is just that. */
function personWhose(what: string, data: unknown, name: (text: string) => string): readonly string[] {
  const [entry, ...more] = Object.entries(isObject(data) ? data : { is: data });
  const [operator, value] = entry ?? [];
  if (more.length > 0 || (operator !== 'is' && operator !== 'in')) return [matchText(`those whose ${what}`, data)];
  const names = [value].flat().map((text) => name(show(text)));
  return names.length > 0 ? names : [NOBODY];
}

function describeGroups(data: unknown): readonly string[] {
  const parts = Object.entries(isObject(data) ? data : { has: data }).map(([operator, value]) =>
    operator === 'exclude' ? `those in groups, but not in ${show(value)}` : `group ${show(value)}`,
  );
  return [parts.join(' and ') || 'those in some group'];
}

function describeClaim(data: unknown, claim: string): readonly string[] {
  const parts = Object.entries(isObject(data) ? data : { has: data }).map(([operator, value]) => {
    const text = `claim ${claim} = ${show(value)}`;
    if (operator === 'has') return text;
    return operator === 'exclude' ? `those without ${text}` : `those with only ${text}`;
  });
  return [parts.join(' and ') || `those whose claim ${claim} is anything`];
}

/** Text as it is, where nobody can take it for anything else. */
function show(value: unknown): string {
  const text = String(value);
  return /^[^\s,;()"'*]+$/.test(text) ? safeText(text) : safeJson(text);
}
