import { configurationError, describeType, describeValue } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import { pathTo } from './path.ts';
import { readEmbeddedYaml } from './yaml.ts';

/** What an annotation holds, as YAML in text (`unmarshalAnnotations` in pomerium/proto.go), or the text as it is. */
export type AnnotationType =
  | 'boolean'
  | 'text'
  | 'texts'
  | 'map'
  | 'claims'
  | 'policy'
  | 'any'
  | 'switch'
  | 'mark'
  | 'literal';

/**
 * The value of an annotation; undefined or null: as if it were not there.
 * @throws {PomeriumError} `invalid_configuration`, for what Kubernetes or the controller refuses
 */
export function readAnnotation(type: AnnotationType, value: unknown, path: string): unknown {
  const text = requireText(value, path);
  if (type === 'literal') return text;
  if (type === 'switch' || type === 'mark') return readSwitch(type, text, path);
  const content = readEmbeddedYaml(text, path);
  if (type === 'policy') return requirePolicy(content, path);
  if (content === undefined || content === null || type === 'any') return content;
  const expected = mistakeIn(type, content);
  if (expected === undefined) return type === 'claims' ? requireLowerCase(content, path) : toSetting(content);
  throw configurationError(`${path} must be ${expected}; it is ${describeType(content)}.`, { path });
}

function requireText(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  const instead = isObject(value) || Array.isArray(value) ? 'put "|" before it' : `write '${String(value)}' in quotes`;
  throw configurationError(`${path} must be text, or Kubernetes refuses it; ${instead}.`, { path });
}

/** What it should be, when it is not. A word is no list, and a number no text, for the controller (protojson). */
function mistakeIn(type: AnnotationType, value: unknown): string | undefined {
  const isTexts = Array.isArray(value) && value.every((one) => typeof one === 'string');
  const members = isObject(value) ? Object.values(value) : undefined;
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : "'true' or 'false'";
    case 'text':
      return typeof value === 'string' ? undefined : `text, in quotes of its own, such as '"2024"'`;
    case 'texts':
      return isTexts ? undefined : `a list of text, such as '["one", "two"]'`;
    case 'map':
      return members?.every((one) => /^(string|number|boolean)$/.test(typeof one)) ? undefined : 'names with text';
    default:
      return members?.every(Array.isArray) ? undefined : `names with lists, such as '{"roles": ["owner"]}'`;
  }
}

/** The values of a map are text for the controller, whatever YAML makes of them. */
function toSetting(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]));
}

/** Anything but true is silently false for the controller, which nobody means; a mark it refuses. */
function readSwitch(type: 'switch' | 'mark', text: string, path: string): boolean {
  const word = text.toLowerCase();
  if (type === 'mark' ? /^(true)?$/.test(text) : /^(true|false)?$/.test(word)) return word === 'true';
  const expected = type === 'mark' ? "'true', or be taken out" : "'true' or 'false'";
  throw configurationError(`${path} must be ${expected}; it is ${describeValue(text)}.`, { path });
}

function requirePolicy(value: unknown, path: string): unknown {
  if (isObject(value) || Array.isArray(value)) return requireLowerCase(value, path);
  throw configurationError(`${path} must be a policy, as '[{"allow": {"or": [{"domain": {"is": "example.com"}}]}}]'.`, {
    path,
  });
}

/**
 * In a file Pomerium makes all names lower case, in an annotation none. Routes are read as from a file here, so that a name
 * with capitals would mean another one.
 */
function requireLowerCase(value: unknown, path: string): unknown {
  if (Array.isArray(value)) {
    value.forEach((one, i) => {
      requireLowerCase(one, pathTo(path, i));
    });
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (key !== key.toLowerCase()) throw capitals(key, pathTo(path, key));
      requireLowerCase(member, pathTo(path, key));
    }
  }
  return value;
}

function capitals(key: string, path: string): Error {
  const isWord = /^[a-z_]+$/i.test(key) && !path.includes('allowed_idp_claims');
  const why = isWord
    ? `the ingress controller minds case; write ${key.toLowerCase()}`
    : 'Pomerium minds the case of a claim in an annotation, and it is not minded here; name the claim in lower case';
  return configurationError(`${path} cannot be decided: ${why}.`, { path });
}
