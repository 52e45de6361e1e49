import { LineCounter, YAMLParseError } from 'yaml';
import { readText } from '../input.ts';
import { UsageError } from '../output.ts';
import { type Place, placeOf } from './place.ts';
import { parseYaml, toValue } from './yaml.ts';

/** A file of routes, as it stands on disk. */
export interface ConfigurationFile {
  /** Its YAML documents, in order; what is empty is null. */
  readonly documents: readonly unknown[];
  /** `file:line:column` of a path in the documents, as `[0].routes[2].policy`. */
  readonly placeOf: (path: string) => string;
}

const VARIABLES_FILE = /(^|[/\\])\.env(\.[^/\\]+)?$|\.env$/i;

/**
 * Reads a file of YAML, JSON or variables (`.env`). What it means is `toConfiguration`'s to say.
 * @throws {UsageError} naming the file
 */
export async function readConfiguration(path: string): Promise<ConfigurationFile> {
  const text = await readText(path);
  if (/\.toml$/i.test(path)) throw new UsageError(`${path} is TOML, which is not read; write it as YAML or JSON.`);
  const { documents, placeOf } = VARIABLES_FILE.test(path) ? readVariables(text) : readYaml(text, path);
  if (documents.every((document) => document === null)) throw new UsageError(`${path} is empty.`);
  const show = ({ line, column }: Place) => `${path}:${line}:${column}`;
  return { documents, placeOf: (where) => show(placeOf(where)) };
}

interface Content {
  readonly documents: readonly unknown[];
  readonly placeOf: (path: string) => Place;
}

/** JSON is YAML, too. */
function readYaml(text: string, path: string): Content {
  const lineCounter = new LineCounter();
  try {
    const documents = parseYaml(text, lineCounter);
    const values = documents.map((document) => toValue(document) ?? null);
    return { documents: values, placeOf: (where) => placeOf({ text, documents, lineCounter }, where) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/\{\{|\{%/.test(lineOf(error, text))) {
      throw new UsageError(`${path} is a template; render it first, as with helm template, and give the result.`);
    }
    throw new UsageError(`${path} is no YAML: ${error.message}`);
  }
}

/** The line that is no YAML. */
function lineOf(error: Error, text: string): string {
  const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
  return line === undefined ? '' : (text.split('\n')[line - 1] ?? '');
}

const VARIABLE = /^\s*(?:export\s+)?([A-Z_]\w*)\s*=\s*(.*?)\s*$/i;

/** Variables as one document. A quoted value is what stands between the quotes. */
function readVariables(text: string): Content {
  const lines = text.split('\n').map((line) => VARIABLE.exec(line));
  const variables = lines.flatMap((match) => {
    const [, name = '', value = ''] = match ?? [];
    return match ? [[name, value.replace(/^(["'])(.*)\1$/, '$2')] as const] : [];
  });
  const indexOf = (where: string) =>
    lines.findIndex((match) => where.toLowerCase().startsWith(`[0].${(match?.[1] ?? ' ').toLowerCase()}`));
  return {
    documents: [variables.length > 0 ? Object.fromEntries(variables) : null],
    placeOf: (where) => ({ line: Math.max(indexOf(where), 0) + 1, column: 1 }),
  };
}
