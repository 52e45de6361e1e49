import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { safeText } from '../../inspector/text.ts';
import { configurationWithOpenAssets, detectProject, type Project } from './project.ts';
import type { DevState } from './state.ts';

type Variables = Readonly<Record<string, string>>;

/** How to start the app of this folder so that it believes the stand-in with these keys, and what is open there. */
export function howToStart(folder: string, jwksUrl: string, state: Pick<DevState, 'issuer' | 'to'>): string[] {
  const open = configurationWithOpenAssets(folder);
  const warning = `${open} has assets without run_worker_first = true: every file is served before the gate, to everybody.`;
  return [...whereVariablesGo(folder, jwksUrl, state), ...(open === undefined ? [] : ['', warning])];
}

function whereVariablesGo(folder: string, jwksUrl: string, { issuer, to }: Pick<DevState, 'issuer' | 'to'>): string[] {
  const variables: Variables = { POMERIUM_AUDIENCE: issuer.host, POMERIUM_JWKS_URL: jwksUrl };
  const lines = Object.entries(variables).map(([name, value]) => `  ${name}=${safeText(value)}`);
  const project = detectProject(folder);
  if (!project) {
    return [
      `Start the app at ${to} with`,
      ...lines,
      'as variables of its process, or as lines of .dev.vars (Wrangler, Cloudflare’s Vite plugin), .env.local (Next.js, Vercel).',
    ];
  }
  const command = commandFor(project, to);
  const { note } = project;
  const why = note === undefined ? '' : ` (${note})`;
  if (project.form === 'process') return [`Start the app at ${to} with "${command}"${why} and`, ...lines];
  const { form, file } = project;
  const introduction = `Start the app at ${to} with "${command}" and, in ${file}${why}:`;
  if (form === 'containers') {
    const names = { POMERIUM_AUDIENCE: issuer.host, POMERIUM_JWKS: JSON.stringify(issuer.jwks()) };
    return [introduction, `  ${JSON.stringify({ Parameters: names })}`];
  }
  return [introduction, ...lines, ...compare(join(folder, file), file, variables)];
}

/** So that the app listens where the stand-in looks for it. */
function commandFor({ command, port }: Project, to: string): string {
  const wanted = Number(new URL(to).port || 80);
  return port && wanted !== port.default ? `${command} ${port.flag} ${wanted}` : command;
}

/** What a file of variables has to say of these. Values of others are never shown. */
function compare(path: string, file: string, wanted: Variables): string[] {
  if (!existsSync(path)) return [];
  const current = readVariables(path);
  if (!current) return [`${file} is there already and cannot be read.`];
  const names = Object.keys(wanted);
  const missing = names.filter((name) => current[name] === undefined);
  const different = names.filter((name) => current[name] !== undefined && current[name] !== wanted[name]);
  const others = current['POMERIUM_JWKS']
    ? ['It has POMERIUM_JWKS, too: take that out, as only one of them may be set.']
    : [];
  const isComplete = missing.length === 0 && different.length === 0;
  return [
    ...(isComplete ? [`${file} has both already.`] : []),
    ...(missing.length > 0 ? [`${file} is there already and lacks ${missing.join(' and ')}.`] : []),
    ...(different.length > 0 ? [`${file} has another value for ${different.join(' and ')}.`] : []),
    ...others,
  ];
}

function readVariables(path: string): Record<string, string | undefined> | undefined {
  try {
    return parseEnv(readFileSync(path, 'utf8')) as Record<string, string | undefined>;
  } catch {
    return undefined;
  }
}
