import { configurationError, describeType } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';

/** @throws {PomeriumError} `invalid_configuration`, as all here; nothing and null are an empty object */
export function readObject(value: unknown, path: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  throw configurationError(`${path} must be an object; it is ${describeType(value)}.`, { path });
}

/** Nothing and null are an empty list. */
export function readList(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw configurationError(`${path} must be a list; it is ${describeType(value)}.`, { path });
}

/** Nothing and null are the empty text. */
export function readString(value: unknown, path: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw configurationError(`${path} must be text; it is ${describeType(value)}: put it in quotes.`, { path });
}
