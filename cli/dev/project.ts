import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isObject, type JsonObject, parseObject } from '../../core/json.ts';

/** How the app of a folder is started, and where it has its variables from. */
export type Project = {
  /** As a person types it. */
  readonly command: string;
  /** Why so. */
  readonly note?: string;
  /** What makes it listen on another port than its default one. */
  readonly port?: { readonly flag: string; readonly default: number };
} & VariablesPlace;

/** `file`: lines of a file; `process`: before the command; `containers`: a file of SAM's. */
type VariablesPlace = { readonly form: 'file' | 'containers'; readonly file: string } | { readonly form: 'process' };

/** The names in a folder, and what is in one of them. */
class Folder {
  readonly path: string;
  readonly names: readonly string[];

  constructor(path: string) {
    this.path = path;
    this.names = readdirSync(path);
  }

  find(pattern: RegExp): string | undefined {
    return this.names.find((name) => pattern.test(name));
  }

  /** Whether a file of such a name says so. */
  says(names: RegExp, text: RegExp): boolean {
    return this.names.some((name) => names.test(name) && this.mentions(name, text));
  }

  /** Whether this file says so. */
  mentions(path: string, text: RegExp): boolean {
    return text.test(this.#read(path));
  }

  json(name: string): JsonObject | undefined {
    return parseObject(this.#read(name));
  }

  /** The `dev` script of package.json, empty where there is none. */
  get devScript(): string {
    const scripts = this.json('package.json')?.['scripts'];
    return isObject(scripts) && typeof scripts['dev'] === 'string' ? scripts['dev'] : '';
  }

  /** All matches of the first group in files of such a name. */
  matches(names: RegExp, text: RegExp): string[] {
    return this.names.filter((name) => names.test(name)).flatMap((name) => groups(this.#read(name), text));
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.path, name), 'utf8');
    } catch {
      return '';
    }
  }
}

function groups(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, group]) => group ?? []);
}

interface Kind {
  matches(folder: Folder): boolean;
  project(folder: Folder): Project;
}

const WRANGLER = /^wrangler\.(jsonc?|toml)$/;
const BUNDLER = /^(vite|astro)\.config\.[cm]?[jt]s$/;
const NO_BINDINGS = 'variables of the process are no bindings';

/** The first that matches counts. */
const KINDS: readonly Kind[] = [
  // Next.js
  {
    matches: (folder) => folder.find(/^next\.config\.[cm]?[jt]s$/) !== undefined,
    project: (folder) => ({
      command: 'npx next dev',
      port: { flag: '-p', default: 3000 },
      form: 'file',
      file: '.env.local',
      ...(folder.find(WRANGLER) && { note: 'opennextjs-cloudflare preview reads .dev.vars instead' }),
    }),
  },
  // Cloudflare’s Vite plugin
  {
    // Astro's adapter brings the plugin along.
    matches: (folder) => folder.says(BUNDLER, /@cloudflare\/vite-plugin|@astrojs\/cloudflare/),
    project: (folder) => ({
      command: folder.find(/^astro\.config\./) ? 'npx astro dev' : 'npx vite dev',
      form: 'file',
      file: fileOfWrangler(folder),
      note: `beside ${wranglerConfiguration(folder) ?? 'Wrangler’s configuration'}: ${NO_BINDINGS}`,
    }),
  },
  // Cloudflare Pages
  {
    matches: (folder) => folder.says(WRANGLER, /\bpages_build_output_dir\b/) || hasPagesFunctions(folder),
    project: (folder) => ({
      command: `npx wrangler pages dev${folder.says(WRANGLER, /\bpages_build_output_dir\b/) ? '' : ' FOLDER'}`,
      form: 'file',
      file: '.dev.vars',
      note: NO_BINDINGS,
    }),
  },
  // Cloudflare Workers
  {
    matches: (folder) => wranglerConfiguration(folder) !== undefined,
    project: (folder) => ({
      command: 'npx wrangler dev',
      form: 'file',
      file: fileOfWrangler(folder),
      note: `beside ${wranglerConfiguration(folder)}: ${NO_BINDINGS}`,
    }),
  },
  // Vercel
  {
    matches: (folder) => folder.find(/^vercel\.json$/) !== undefined,
    project: () => ({ command: 'npx vercel dev', form: 'file', file: '.env.local' }),
  },
  // AWS SAM
  {
    matches: (folder) => folder.says(/^template\.ya?ml$/, /AWS::Serverless/),
    project: (folder) => ({
      command: 'sam local start-api --env-vars env.json',
      form: 'containers',
      file: 'env.json',
      note: `a container cannot reach 127.0.0.1, so it gets the key set itself; ${folder.find(/^template\.ya?ml$/)} must have both names under Variables`,
    }),
  },
  // Serverless Framework
  {
    matches: (folder) => folder.find(/^serverless\.(ya?ml|json|[cm]?[jt]s)$/) !== undefined,
    project: () => ({
      command: 'npx serverless offline --localEnvironment',
      form: 'process',
      note: 'what serverless.yml has under environment comes first',
    }),
  },
];

/** Undefined where nothing says what it is. */
export function detectProject(path: string): Project | undefined {
  const folder = new Folder(path);
  const project = KINDS.find((kind) => kind.matches(folder))?.project(folder);
  // The other forms need their own flags.
  if (project?.form !== 'file' || folder.devScript === '') return project;
  const { port, ...rest } = project;
  // A script that names a port stays as it is.
  const isFree = port && !/(^|\s)(-p|--port)\b/.test(folder.devScript);
  return { ...rest, command: 'npm run dev', ...(isFree && { port: { ...port, flag: `-- ${port.flag}` } }) };
}

/** The configuration of Wrangler by which files are served before the Worker runs, if this folder's is one. */
export function configurationWithOpenAssets(path: string): string | undefined {
  const folder = new Folder(path);
  const hasAssets = folder.says(WRANGLER, /^(?!\s*(\/\/|#)).*("assets"\s*:|^\s*\[assets\]|^\s*assets\s*=)/m);
  const runsFirst = folder.says(WRANGLER, /^(?!\s*(\/\/|#)).*\brun_worker_first"?\s*[:=]\s*true/m);
  return hasAssets && !runsFirst ? folder.find(WRANGLER) : undefined;
}

/**
 * The configuration of the Worker that verifies. Several may be named by `wrangler dev -c` or by `configPath` of the plugin: the
 * first that speaks of Pomerium. Otherwise the one of this folder that Wrangler takes.
 */
function wranglerConfiguration(folder: Folder): string | undefined {
  const { devScript } = folder;
  const named = [
    ...(/\bwrangler\b/.test(devScript) ? groups(devScript, /\s(?:-c|--config)[ =](\S+)/g) : []),
    ...folder.matches(BUNDLER, /\bconfigPath\s*:\s*['"`]([^'"`]+)['"`]/g),
  ];
  const existing = named.filter((name) => existsSync(join(folder.path, name)));
  const own = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'].find((name) => folder.names.includes(name));
  return existing.find((name) => folder.mentions(name, /POMERIUM_|pomerium/)) ?? existing[0] ?? own;
}

/** Wrangler reads `.env` files, too, but none of them once there is a `.dev.vars`. */
function fileOfWrangler(folder: Folder): string {
  const place = dirname(wranglerConfiguration(folder) ?? '');
  const exists = (name: string) => existsSync(join(folder.path, place, name));
  const hasEnv = exists('.env') || exists('.env.local');
  return join(place, hasEnv && !exists('.dev.vars') ? '.env.local' : '.dev.vars');
}

/** Firebase and others have a folder of that name as well. */
function hasPagesFunctions(folder: Folder): boolean {
  if (!folder.names.includes('functions') || folder.says(WRANGLER, /"main"\s*:|^\s*main\s*=/m)) return false;
  return (
    folder.find(WRANGLER) !== undefined ||
    folder.says(/^package\.json$/, /"wrangler"/) ||
    existsSync(join(folder.path, 'functions', '_middleware.ts')) ||
    existsSync(join(folder.path, 'functions', '_middleware.js'))
  );
}
