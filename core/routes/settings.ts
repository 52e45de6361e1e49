import { describeType, describeValue, mistakeAt } from '../errors.ts';
import { isPlainObject, type JsonObject } from '../json.ts';

/*
 * Pomerium reads its file through viper and mapstructure with weak types, so that "true" and 1 are booleans and a string is a
 * list with commas (config/options.go). A value that is null is not set.
 */

/** An object with its keys in lower case, as viper makes them at every depth. Values stay as they are; text must be Unicode. */
export function lowerKeys(value: unknown, at: string): unknown {
  if (typeof value === 'string' && /\p{Cs}/u.test(value)) {
    throw mistakeAt(at, ' holds half a surrogate pair, which is no Unicode; write the character.');
  }
  if (Array.isArray(value)) return value.map((one, i) => lowerKeys(one, `${at}[${i}]`));
  if (!isPlainObject(value)) return value;
  const lowered: Record<string, unknown> = Object.create(null);
  for (const [key, member] of Object.entries(value)) {
    const name = key.toLowerCase();
    const path = join(at, key);
    if (name in lowered) throw mistakeAt(path, ' is set twice: the case of a key does not count.');
    lowered[name] = lowerKeys(member, path);
  }
  return lowered;
}

/** A path in a document: `routes[0]` and `from`. */
export function join(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}

/** An object of settings and where it stands. */
export interface Section {
  readonly at: string;
  readonly values: JsonObject;
}

export function readSection(value: unknown, at: string): Section | undefined {
  if (value === undefined || value === null) return undefined;
  if (isPlainObject(value)) return { at, values: value };
  throw mistakeAt(at, ` must be a plain object; it is ${describeType(value)}.`);
}

/** As Go's `strconv.ParseBool`. */
const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False', ''].map((text) => [text, false] as const),
]);

export function readFlag({ at, values }: Section, key: string): boolean | undefined {
  const value = values[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  const known = typeof value === 'number' ? value !== 0 : BOOLEANS.get(value);
  if (known !== undefined) return known;
  const path = join(at, key);
  throw mistakeAt(path, ` must be true or false; it is ${describeValue(value)}.`);
}

/** The empty string is not set. */
export function readText({ at, values }: Section, key: string): string | undefined {
  const value = values[key];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  const path = join(at, key);
  throw mistakeAt(path, ` must be text; it is ${describeType(value)}.`);
}

/** The values of a list, each with where it stands. An empty one never means what its author meant. */
export function readTexts({ at, values }: Section, key: string): [text: string, path: string][] | undefined {
  const value = values[key];
  const path = join(at, key);
  if (value === undefined || value === null) return undefined;
  const list = value === '' ? [] : typeof value === 'string' ? value.split(',') : [value].flat();
  return list.map((one, i) => {
    const place = Array.isArray(value) ? `${path}[${i}]` : path;
    if (typeof one === 'number') return [String(one), place];
    if (typeof one !== 'string') {
      const what = one === null ? 'an empty item' : `${describeType(one)}, which is no text`;
      throw mistakeAt(place, ` is ${what}; take it out or write its value.`);
    }
    if (one.trim() === '') throw mistakeAt(place, ' is an empty item; take it out.');
    return [one, place];
  });
}
