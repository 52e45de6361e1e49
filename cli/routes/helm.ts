import { configurationError } from '../../core/errors.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { decodeLists } from './base64.ts';
import { pathTo } from './path.ts';
import { readObject, readString } from './shape.ts';
import { readEmbeddedYaml, requireRendered } from './yaml.ts';

export interface HelmConfiguration {
  readonly configuration: JsonObject;
  /** Where each setting stands. */
  readonly places: ReadonlyMap<string, string>;
}

/** The values of the chart pomerium-helm, or of a chart that has it as `pomerium`; undefined: none. */
export function findValues(document: unknown, at: string): { values: JsonObject; at: string } | undefined {
  if (!isObject(document)) return undefined;
  if (isObject(document['config'])) return { values: document, at };
  const { pomerium } = document;
  if (isObject(pomerium) && isObject(pomerium['config'])) return { values: pomerium, at: pathTo(at, 'pomerium') };
  return undefined;
}

/** They name a configuration that is elsewhere, and the chart takes that for all of it. */
const ELSEWHERE = ['existingConfig', 'existingPolicy', 'existingSecret'];

/**
 * The configuration that the chart makes of its values (templates/_helpers.tpl, `pomerium.config.static` and `.dynamic`).
 * @throws {PomeriumError} `invalid_configuration`
 */
export function translateValues(values: JsonObject, root: string): HelmConfiguration {
  const at = pathTo(root, 'config');
  const config = readObject(values['config'], at);
  for (const key of ELSEWHERE) {
    if (!config[key]) continue;
    const path = pathTo(at, key);
    const hint = `give that one's config.yaml, or cut this line out if it holds no routes`;
    throw configurationError(`${path} names a configuration outside of these values; ${hint}.`, { path });
  }
  if (config['routes'] && config['policy']) {
    const path = pathTo(at, 'policy');
    throw configurationError(`${path}: the chart reads either policy or routes, by its version; cut one out.`, {
      path,
    });
  }
  const settings = [...extraSettings(config, at), ...authenticateUrl(values, config, root)];
  const lists = ['routes', 'policy'].flatMap((key): Setting[] => {
    const path = pathTo(at, key);
    return config[key] ? [[key, readRoutes(config[key], path), path]] : [];
  });
  requireOnce([...settings, ...lists]);
  const all = [...settings, ...lists, ...variables(values, root)];
  return {
    configuration: decodeLists(Object.fromEntries(all.map(([key, value]) => [key, value])), root),
    places: new Map(all.map(([key, , path]) => [key, path])),
  };
}

type Setting = readonly [key: string, value: unknown, path: string];

/** The chart fills in templates in routes, as text and as a list. */
function readRoutes(value: unknown, path: string): unknown {
  if (typeof value === 'string') return readEmbeddedYaml(value, path);
  requireRendered(JSON.stringify(value), path);
  return value;
}

function extraSettings(config: JsonObject, at: string): Setting[] {
  const path = pathTo(at, 'extraOpts');
  return Object.entries(readObject(config['extraOpts'], path)).map(([key, value]) => [key, value, pathTo(path, key)]);
}

function authenticateUrl(values: JsonObject, config: JsonObject, root: string): Setting[] {
  const proxy = pathTo(root, 'proxy');
  const authenticate = pathTo(root, 'authenticate');
  const path = pathTo(proxy, 'authenticateServiceUrl');
  const url = readString(readObject(values['proxy'], proxy)['authenticateServiceUrl'], path);
  if (url !== '') return [['authenticate_service_url', url, path]];
  const domain = readString(config['rootDomain'], pathTo(root, 'config', 'rootDomain'));
  const { name } = readObject(values['authenticate'], authenticate);
  const host = readString(name, pathTo(authenticate, 'name')) || 'authenticate';
  return domain === ''
    ? []
    : [['authenticate_service_url', `https://${host}.${domain}`, pathTo(root, 'config', 'rootDomain')]];
}

/** Variables that decide here, of all services of the chart. They win over its file. */
const DECIDING =
  /^(ROUTES|POLICY|AUTHENTICATE_SERVICE_URL|PASS_IDENTITY_HEADERS|JWT_CLAIMS_HEADERS|JWT_ISSUER_FORMAT|NORMALIZE_PATH)$/;

function variables(values: JsonObject, root: string): Setting[] {
  const parts = ['proxy', 'authorize', 'authenticate'];
  for (const part of parts) {
    const at = pathTo(root, part, 'deployment');
    const deployment = readObject(readObject(values[part], pathTo(root, part))['deployment'], at);
    const name = Object.keys(readObject(deployment['extraEnv'], at)).find((one) => DECIDING.test(one));
    const path = pathTo(at, 'extraEnv', name ?? '');
    if (name) throw configurationError(`${path} is for one service only; move it to extraEnv or extraOpts.`, { path });
  }
  const at = pathTo(root, 'extraEnv');
  return Object.entries(readObject(values['extraEnv'], at))
    .filter(([name, value]) => DECIDING.test(name) && value !== '')
    .map(([name, value]) => [name.toLowerCase(), value, pathTo(at, name)]);
}

function requireOnce(settings: readonly Setting[]): void {
  const seen = new Set<string>();
  for (const [key, , path] of settings) {
    if (seen.has(key.toLowerCase())) {
      throw configurationError(`${path}: ${key} is said twice in these values; cut one out.`, { path });
    }
    seen.add(key.toLowerCase());
  }
}
