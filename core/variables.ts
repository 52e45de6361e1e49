import { distance } from './distance.ts';
import { configurationError, describeValue } from './errors.ts';
import { findRepeatedKey } from './json.ts';

/** Variables as a platform has them: text, or what JSON in its configuration holds (`vars` of Wrangler). */
export type Environment = Readonly<Record<string, unknown>>;

/** The variable of an option and how its value is read. A reader gives undefined for what counts as not set. */
export type Variable<T> = readonly [name: string, read: (value: unknown, name: string) => T | undefined];
export type Variables<Options> = { readonly [Option in keyof Options]-?: Variable<NonNullable<Options[Option]>> };

/**
 * The options that variables set.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function readVariables<Options extends object>(
  env: Environment,
  variables: Variables<Options>,
): Partial<Options> {
  const options: Record<string, unknown> = {};
  for (const [option, [name, read]] of Object.entries<Variable<unknown>>(variables)) {
    const value = env[name] === undefined ? undefined : read(env[name], name);
    if (value !== undefined) options[option] = value;
  }
  return options as Partial<Options>;
}

/** Anything. The empty string is not set: deployment templates write it. */
export function readValue(value: unknown, name: string): string | object | undefined {
  return typeof value === 'object' && value !== null ? value : readText(value, name);
}

export function readText(value: unknown, name: string): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  throw configurationError(`${name} must be text; it is ${describeValue(value)}.`);
}

/** Separated by commas, or a list; `[]` for none. */
export function readList<T extends string = string>(value: unknown, name: string): T[] | undefined {
  if (Array.isArray(value)) return value;
  const text = readText(value, name);
  if (text === '[]') return [];
  if (text !== undefined && /^\s*\[\s*["\]]/.test(text)) {
    throw configurationError(`${name} is JSON; write its values with commas between them, as in ${name}=one,two.`);
  }
  return text?.split(',').map((one) => one.trim() as T);
}

export function readFlag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw configurationError(`${name} must be true or false; it is ${describeValue(value)}.`);
}

export function readNumber(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^\s*\d+\s*$/.test(value)) return Number(value);
  throw configurationError(`${name} must be a whole number of seconds; it is ${describeValue(value)}.`);
}

/** JSON, or the value itself. The empty string is a mistake: a rule that is left out in silence is a hole. */
export function jsonReader<T>(example: string): (value: unknown, name: string) => T {
  return (value, name) => {
    if (typeof value !== 'string') return value as T;
    let parsed: T;
    try {
      parsed = JSON.parse(value);
    } catch {
      const what = value === '' ? 'is set and empty: leave it out, or set it to JSON' : 'must be JSON';
      throw configurationError(`${name} ${what}, as in ${example}.`);
    }
    const twice = findRepeatedKey(value);
    if (twice === undefined) return parsed;
    throw configurationError(
      `${name} has the key ${describeValue(twice)} twice in one object, of which one would not count.`,
    );
  };
}

/** Variables that decide who gets in and what goes on: where one of them cannot be honoured, it must not be set. */
const ACCESS_VARIABLES = [
  'AUDIENCE',
  'ISSUER',
  'JWKS_URL',
  'JWKS',
  'ALGORITHMS',
  'CLOCK_TOLERANCE',
  'MAX_TOKEN_AGE',
  'POLICY',
  'LIST_CLAIMS',
  'LEAVE_TO_POMERIUM',
  'ROUTES',
  'RULES',
  'OPTIONAL',
  'ALLOW_PREFLIGHT',
  'ALLOW_BEARER',
  'CORS_ORIGINS',
  'CLAIM_HEADERS',
  'REMOVE_HEADERS',
  'KEEP_ASSERTION',
  'SHARED',
  'END_AT_EXPIRY',
  'REFUSAL_PAGE',
  'LOG',
  'LOG_SUBJECT',
].map((name) => `POMERIUM_${name}`);

/** Variables that say where keys are kept and where requests go: one adapter reads them, and no other is harmed. */
const PLATFORM_VARIABLES = [
  'UPSTREAM',
  'UPSTREAM_CACHE',
  'JWKS_KV',
  'JWKS_SSM',
  'RESPONSES',
  'SCOPE',
  'FETCH_KEYS',
  'EDGE_CONFIG_TOKEN',
  'EDGE_CONFIG_TEAM',
].map((name) => `POMERIUM_${name}`);

/**
 * Ensures that no variable leaves its rule out in silence: one of ours that is misspelt, or that this place cannot honour.
 * Other names are somebody else's. `honoured`: what is read here; `others`: what another gate in the same environment reads.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function requireKnownVariables(env: object, honoured: readonly string[], others: readonly string[] = []): void {
  for (const name of Object.keys(env)) {
    // Distances take milliseconds on a cold start, and most names are nothing like ours.
    if (!/pome|rium|p.{4,7}m/i.test(name)) continue;
    if ([honoured, others, PLATFORM_VARIABLES].some((names) => names.includes(name))) continue;
    if (ACCESS_VARIABLES.includes(name)) {
      throw configurationError(
        `${name} is set and cannot be honoured here; what can be set is ${[...new Set(honoured)].join(', ')}.`,
      );
    }
    const spellings = spellingsOf(name.toUpperCase());
    const meant = [...ACCESS_VARIABLES, ...PLATFORM_VARIABLES].find((one) =>
      spellings.some((spelling) => isMisspelt(spelling, one)),
    );
    if (meant) throw configurationError(`There is no variable ${name}; write ${meant}, or give it another name.`);
  }
}

/** How people write what ours have otherwise. */
const GUESSES: readonly (readonly [theirs: RegExp, ours: string])[] = [
  [/I?ES/, 'Y'],
  [/PPL/, 'POLICY'],
  [/_RULESET/, '_RULES'],
  [/_JSON$/, ''],
  [/_(TOKEN_)?MAX_AGE/, '_MAX_TOKEN_AGE'],
];

/** The name, also without a word that only says what it is for, and as it may be meant. */
function spellingsOf(name: string): string[] {
  const bare = name.replace(/POMERIUM_(EDGE|GATE|(ACCESS|AUTHZ?|PATHS?|ROUTES?)(?=_(RUL|POL)))_/, 'POMERIUM_');
  return [name, bare, ...GUESSES.map(([theirs, ours]) => bare.replace(theirs, ours))];
}

/**
 * One letter too many, too few or wrong, or two that changed places; two of these in a long name, or where `POMERIUM` is
 * misspelt: nobody else has such names.
 */
function isMisspelt(name: string, meant: string): boolean {
  const limit = meant.length > 16 || !name.startsWith('POMERIUM') ? 2 : 1;
  return Math.abs(name.length - meant.length) <= limit && distance(name, meant) <= limit;
}
