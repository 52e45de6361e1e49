import { configurationError, describeValue } from '../../core/adapter.ts';

/** @throws {PomeriumError} `invalid_configuration` */
export function requireMethods(option: string, value: unknown, methods: readonly string[]): void {
  if (value === undefined) return;
  const object = Object(value);
  if (methods.every((name) => typeof object[name] === 'function')) return;
  throw configurationError(`${option} must have ${methods.join(', ')}; it is ${describeValue(value)}.`);
}
