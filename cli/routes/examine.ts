import { PomeriumError } from '../../core/errors.ts';
import { compilePolicy, compileRoutes, type Routes, type RoutesOptions } from '../../core/index.ts';
import { isObject } from '../../core/json.ts';
import { UsageError } from '../output.ts';
import { type Translation, toConfiguration } from './configuration.ts';
import { originOf } from './path.ts';
import { inOrder, type Problem, refusalText, withoutConsequences } from './problem.ts';
import { type ConfigurationFile, readConfiguration } from './read.ts';
import { type Repair, repairConfiguration, repairDocuments } from './repair.ts';
import { copyOf } from './trail.ts';

/** A file of routes, and what can be decided of it. */
export interface Examined {
  readonly kind: Translation['kind'] | undefined;
  /** Without what is refused; undefined where nothing could be compiled. Good for use only where `problems` is empty. */
  readonly routes: Routes | undefined;
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
  /** As it was translated: with its mistakes. */
  readonly configuration: unknown;
  /** The path in the documents of what stands at a path of the configuration. */
  readonly originOf: (path: string) => string;
  /** `file:line:column` of a path in the documents. */
  readonly placeOf: (path: string) => string;
}

/** @throws {UsageError} naming the file or the option */
export async function examineFile(file: string, options: RoutesOptions): Promise<Examined> {
  const read = await readConfiguration(file);
  const [first] = read.documents;
  if (typeof first !== 'object') throw new UsageError(`${file} holds neither routes nor a configuration.`);
  if (isRule(first) || (Array.isArray(first) && first.length > 0 && first.every(isRule))) {
    throw new UsageError(`${file} is one policy, without routes; use pomerium-edge policy check ${file}.`);
  }
  return examine(read, options);
}

function isRule(value: unknown): boolean {
  return isObject(value) && ('allow' in value || 'deny' in value);
}

/** @throws {PomeriumError | UsageError} for the options; what is wrong in the file is told */
export function examine({ documents, placeOf }: ConfigurationFile, options: RoutesOptions): Examined {
  const { listClaims, leaveToPomerium } = options;
  compilePolicy([], { listClaims, leaveToPomerium });
  const problems = new Problems(placeOf, documents.length === 1);
  const translation = translate(documents, problems);
  if (!translation) {
    const nothing = { kind: undefined, routes: undefined, notes: [], configuration: undefined };
    return { ...nothing, problems: inOrder(withoutConsequences(problems.list)), originOf: (path) => path, placeOf };
  }
  const routes = compile(translation, options, problems);
  const notes = translation.notes.map(({ path, message }) => ({ path, message, place: placeOf(path) }));
  const { kind, configuration } = translation;
  return {
    kind,
    routes,
    problems: inOrder(withoutConsequences(problems.list)),
    notes,
    configuration,
    originOf: translation.originOf,
    placeOf,
  };
}

/** The routes of a file in which nothing is refused. Throws `UsageError` that tells all that is. */
export function requireUsable({ routes, problems }: Examined): Routes {
  if (routes && problems.length === 0) return routes;
  throw new UsageError(refusalText(problems));
}

const MAX_PROBLEMS = 100;

/** All that is refused, each once. */
class Problems {
  readonly list: Problem[] = [];
  readonly #placeOf: ConfigurationFile['placeOf'];
  readonly #isSingle: boolean;

  constructor(placeOf: ConfigurationFile['placeOf'], isSingle: boolean) {
    this.#placeOf = placeOf;
    this.#isSingle = isSingle;
  }

  get isFull(): boolean {
    return this.list.length >= MAX_PROBLEMS;
  }

  /** `path` and all paths in the message are of what was compiled; `originOf` says where they stand in the documents. */
  add(message: string, path: string, originOf: (path: string) => string): void {
    const shown = (one: string) => this.#shown(originOf(one));
    const start = path !== '' && message.startsWith(path) ? shown(path) : '';
    const rest = start === '' ? message : message.slice(path.length);
    const text = start + rest.replace(ROUTE_PATH, shown);
    const origin = originOf(path);
    const isKnown = this.list.some((one) => one.path === origin && one.message === text);
    if (isKnown) return;
    this.list.push({ place: this.#placeOf(origin), message: text, path: origin, leave: leaveOf(message, path) });
  }

  #shown(origin: string): string {
    return (this.#isSingle && origin.replace(/^\[0\]\.?/, '')) || origin;
  }
}

/** The path of a route, or of something in it, where it stands in a sentence. */
const ROUTE_PATH = /(?<![\w.\]"])(?:routes|policy)?\[\d+\][\w.[\]/]*/g;

/** What a message says that can be left to Pomerium: `name it in leaveToPomerium`, or the name itself. */
function leaveOf(message: string, path: string): string | undefined {
  const name = /name (\w+) in leaveToPomerium/.exec(message)?.[1] ?? /leave (\w+) to Pomerium/.exec(message)?.[1];
  return name === 'it' ? /[^.[\]]+$/.exec(path)?.[0] : name;
}

function translate(documents: readonly unknown[], problems: Problems): Translation | undefined {
  const holder = { documents: copyOf(documents) };
  while (!problems.isFull) {
    try {
      return toConfiguration(holder.documents as unknown[]);
    } catch (error) {
      const { message, path = '' } = requireRefusal(error);
      // With something taken out, the whole may be for nothing.
      if (problems.list.length > 0 && /^(\[\d+\])?$/.test(path)) return undefined;
      problems.add(message, path, (one) => one);
      if (!repairDocuments(holder, path)) return undefined;
    }
  }
  return undefined;
}

function compile(
  { configuration, originOf: origin }: Translation,
  options: RoutesOptions,
  problems: Problems,
): Routes | undefined {
  const holder = { configuration: copyOf(configuration) };
  const renames = new Map([['', '']]);
  const seen = new Set<string>();
  while (!problems.isFull) {
    try {
      return compileRoutes(holder.configuration, options);
    } catch (error) {
      const { message, path } = requireRefusal(error);
      if (path === undefined && problems.list.length > 0) return undefined;
      if (path === undefined && /^hosts /.test(message)) throw new UsageError(message.replace('hosts', '--host'));
      const written = originOf(renames, path ?? '');
      const isRepeated = seen.has(written + message);
      seen.add(written + message);
      if (!isConsequence(message, problems.list))
        problems.add(message, path ?? '', (one) => origin(originOf(renames, one)));
      const repair: Repair | undefined =
        path === undefined ? undefined : repairConfiguration(holder, path, { id: seen.size, isRepeated });
      if (!repair) return undefined;
      if (repair.renamed) renames.set(repair.renamed.to, repair.renamed.from);
    }
  }
  return undefined;
}

/** Where the claims are not known, each criterion that asks for one is refused. */
function isConsequence(message: string, problems: readonly Problem[]): boolean {
  return /jwt_claims_headers does not name/.test(message) && problems.some(({ path }) => /jwt_claims?_head/.test(path));
}

function requireRefusal(error: unknown): PomeriumError {
  if (error instanceof PomeriumError && error.code === 'invalid_configuration') return error;
  throw error;
}
