import { type Translation, toConfiguration } from '../../../cli/routes/configuration.ts';
import { parseYaml, toValue } from '../../../cli/routes/yaml.ts';
import { PomeriumError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';

export function translate(yaml: string): Translation {
  return toConfiguration(parseYaml(yaml).map((document) => toValue(document) ?? null));
}

export function routesOf(yaml: string): JsonObject[] {
  const { configuration } = translate(yaml);
  const list = Array.isArray(configuration) ? configuration : (configuration as JsonObject)['routes'];
  return list as JsonObject[];
}

/** The error with which this is refused. */
export function refusalOf(yaml: string): PomeriumError {
  try {
    translate(yaml);
  } catch (error) {
    if (error instanceof PomeriumError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}
