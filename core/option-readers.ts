import { configurationError, describeValue } from './errors.ts';
import { isPlainObject } from './json.ts';
import { isPromiseLike } from './promise.ts';

/** Ensures that nothing is left out in silence: of what is no plain object, no option would be read. */
export function requireOptions(options: unknown): void {
  if (isPlainObject(options)) return;
  const what = isPromiseLike(options)
    ? 'a promise: await it before; an options function must not be async'
    : describeValue(options);
  throw configurationError(
    `Options must be a plain object, as in { audience: 'app.corp.example.com' }; they are ${what}.`,
  );
}

/** Options as they count: one that is undefined is not set. */
export function withoutUnset<Options extends object>(options: Options): Partial<Options> {
  requireOptions(options);
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>;
}

/** A misspelt option would silently leave its rule out. `what`: an option, in words. */
export function requireKnown(options: object, names: readonly string[], what: string): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw configurationError(`There is no ${what} ${describeValue(unknown)}; there are ${names.join(', ')}.`);
}

/** Each reader gives undefined for an option that is not set. */
export function readSeconds(name: string, value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0)) return value;
  throw configurationError(`${name} must be a number of seconds, 0 or more; it is ${describeValue(value)}.`);
}

export function readBoolean(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw configurationError(`${name} must be true or false; it is ${describeValue(value)}.`);
}

export function readFunction<F>(name: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw configurationError(`${name} must be a function.`);
}

/** Ensures that there is something to wrap: else the first request would find it out. */
export function requireHandler(handler: unknown): void {
  if (typeof handler === 'function') return;
  throw configurationError(`The handler must be a function; it is ${describeValue(handler)}.`);
}
