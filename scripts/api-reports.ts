import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { ROOT, UserError } from './run.ts';

/** The name of the report of what more than one entry point names, and none of them exports. */
const SHARED = 'shared';
const FENCE = '```';

/** Where the reports are committed. */
export function reportPath(name: string): string {
  return `${ROOT}api/${name}.api.md`;
}

/** The committed reports, by their names. */
export function committedReports(): Map<string, string> {
  const names = globSync('*.api.md', { cwd: `${ROOT}api` }).map((file) => file.slice(0, -'.api.md'.length));
  return new Map(names.map((name) => [name, readFileSync(reportPath(name), 'utf8')]));
}

/** The public surface of the built package: a text for each entry point, by its name. */
export function apiReports(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-api-'));
  try {
    return withoutRepetition(extract(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What differs between the committed reports and the public surface: their names, sorted. */
export function staleReports(committed: ReadonlyMap<string, string>, current: ReadonlyMap<string, string>): string[] {
  const names = new Set([...committed.keys(), ...current.keys()]);
  return [...names].filter((name) => committed.get(name) !== current.get(name)).sort();
}

/** What API Extractor writes of each entry point, cut into declarations. */
function extract(folder: string): Map<string, string[]> {
  const configs = entryPoints().map(([name, types]) => [name, configFor(name, types, folder)] as const);
  const [first] = configs;
  if (!first) throw new UserError('package.json exports no types.');
  const additionalEntryPoints = configs.map(([, config]) => config.mainEntryPointFilePath);
  const compilerState = CompilerState.create(first[1], { additionalEntryPoints });
  return new Map(
    configs.map(([name, config]) => {
      const problems: string[] = [];
      Extractor.invoke(config, {
        compilerState,
        localBuild: true,
        messageCallback: (message) => {
          message.handled = true;
          if (message.logLevel === 'error') problems.push(message.formatMessageWithLocation(ROOT));
        },
      });
      if (problems.length > 0) throw new UserError(problems.join('\n'));
      const [, code = ''] = readFileSync(config.reportFilePath, 'utf8').split(/^```.*$/m);
      return [name, declarations(code)];
    }),
  );
}

/** The entry points of package.json that have types. */
function entryPoints(): (readonly [name: string, types: string])[] {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  return Object.entries<{ types?: string }>(exports).flatMap(([path, { types }]) =>
    types === undefined ? [] : [[path === '.' ? 'index' : path.slice('./'.length), ROOT + types] as const],
  );
}

function configFor(name: string, types: string, folder: string): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: `${ROOT}package.json`,
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: types,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'],
            types: ['node'],
            module: 'nodenext',
            strict: true,
            exactOptionalPropertyTypes: true,
            skipLibCheck: true,
          },
          files: [types, 'api/cloudflare-globals.d.ts'],
        },
      },
      apiReport: {
        enabled: true,
        includeForgottenExports: true,
        reportFileName: `${name}.api.md`,
        reportFolder: folder,
        reportTempFolder: `${folder}/temporary`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
    },
  });
}

/** The parts of a report that blank lines separate, without the remarks about what has no comment. */
function declarations(code: string): string[] {
  return code
    .split('\n\n')
    .map((part) =>
      part.replace(/^\s*\/\/ (?:\(undocumented\)|@public(?: \(undocumented\))?|\(No @packageDoc.*)\n?/gm, ''),
    )
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** A type of core/ that several entry points name is in one report only: in the one that exports it, or in the shared one. */
export function withoutRepetition(reports: ReadonlyMap<string, readonly string[]>): Map<string, string> {
  const all = [...reports.values()].flat();
  const exported = new Set(
    all.filter((part) => !isHidden(part)).map((part) => part.replaceAll(/^export (?:\{.*\})?/gm, '').trim()),
  );
  const isElsewhere = (part: string) => exported.has(part) || all.indexOf(part) !== all.lastIndexOf(part);
  const shared = new Set(all.filter((part) => isHidden(part) && isElsewhere(part) && !exported.has(part)));
  const own = [...reports].map(
    ([name, parts]) => [name, parts.filter((part) => !isHidden(part) || !isElsewhere(part))] as const,
  );
  return new Map([...own, [SHARED, [...shared].sort()] as const].map(([name, parts]) => [name, asText(name, parts)]));
}

/** Whether a declaration is only there because an exported one names it. */
function isHidden(part: string): boolean {
  return !/^(?:export|import) /m.test(part);
}

function asText(name: string, parts: readonly string[]): string {
  const about =
    name === SHARED
      ? 'Types that several entry points name, and none exports.'
      : `What \`${specifier(name)}\` exports.`;
  return `${about} Written by \`npm run api\`.\n\n${FENCE}ts\n${parts.join('\n\n')}\n${FENCE}\n`;
}

function specifier(name: string): string {
  return name === 'index' ? 'pomerium-edge' : `pomerium-edge/${name}`;
}
