import { configurationError } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { pathTo } from './path.ts';
import { readEmbeddedYaml } from './yaml.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The text that this base64 holds (RFC 4648 section 4, with line breaks), or undefined. */
export function decodeBase64(text: string): string | undefined {
  const bare = text.replaceAll(/[\r\n]/g, '');
  return BASE64.test(bare) ? Buffer.from(bare, 'base64').toString('utf8') : undefined;
}

/**
 * A configuration whose lists of routes may be base64 of YAML, as the variables ROUTES and POLICY are
 * (`DecodePolicyBase64Hook` in config/custom.go), with the lists themselves.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function decodeLists(configuration: JsonObject, at: string): JsonObject {
  const decoded = Object.entries(configuration).map(([key, value]) => {
    const isList = /^(routes|policy)$/i.test(key) && typeof value === 'string';
    return [key, isList ? decodeBase64Yaml(value, pathTo(at, key)) : value] as const;
  });
  return Object.fromEntries(decoded);
}

function decodeBase64Yaml(text: string, path: string): unknown {
  const yaml = decodeBase64(text);
  const list = yaml === undefined || yaml === '' ? undefined : readEmbeddedYaml(yaml, path);
  if (Array.isArray(list) && list.every(isObject)) return list;
  throw configurationError(`${path} is text, and not base64 of a list of routes; write the list itself.`, { path });
}
