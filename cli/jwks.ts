import type { Command } from 'commander';
import { parseObject } from '../core/json.ts';
import type { SkippedKey } from '../core/keys/material/jwk.ts';
import { importJwks, readJwksText, UnusableJwks } from '../core/keys/material/jwks.ts';
import { FetchJwksError, fetchJwks, type JwksResponse } from '../core/keys/remote/fetch-jwks.ts';
import { type RemoteSettings, readRemoteOptions } from '../core/keys/remote/options.ts';
import { safeJson, safeText } from '../inspector/text.ts';
import { JWKS_PATH } from '../testing/jwks-server.ts';
import { readAlgorithmNames } from './input.ts';
import { EXIT, mark, paint, print, printJson } from './output.ts';

/** A key that a verifier with the given algorithms does not use. */
type UnusedKey = Pick<SkippedKey, 'keyId' | 'message'> & {
  readonly reason: SkippedKey['reason'] | 'not_in_algorithms';
};

/** What the library would make of a key set's URL. */
interface Report {
  readonly url: string;
  readonly usable: readonly { readonly keyId: string; readonly algorithm: string }[];
  readonly skipped: readonly UnusedKey[];
  /** Why there are no keys, if there are none. */
  readonly problem?: string;
  readonly etag: string | null;
  /** Seconds; null where the answer names none. */
  readonly maxAge: number | null;
  /** Seconds for which it is used without asking. */
  readonly freshFor: number;
  readonly notes: readonly string[];
}

export function addJwks(program: Command): void {
  program
    .command('jwks')
    .description('fetch a key set as the library would: what it uses, skips, and for how long')
    .argument('<url>', 'as in https://app.corp.example.com/.well-known/pomerium/jwks.json; a host will do')
    .option('--algorithms <names>', 'what the verifier accepts', readAlgorithmNames, ['ES256'])
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, { json, algorithms }: { json?: boolean; algorithms: readonly string[] }) => {
      const report = await examine(addressOf(url), algorithms);
      if (json) printJson(report);
      else printReport(report);
      process.exitCode = report.problem === undefined ? EXIT.ok : EXIT.bad;
    });
}

const EXAMPLES = `
A private CA: NODE_EXTRA_CA_CERTS=ca.pem. A proxy: HTTPS_PROXY=http://proxy:3128 with NODE_USE_ENV_PROXY=1 (Node.js 24.5).

Exit codes: 0 there are keys to use, 1 there are none, 2 called wrongly.

Examples:
  $ pomerium-edge jwks app.corp.example.com
  $ pomerium-edge jwks https://authenticate.example.com/.well-known/pomerium/jwks.json --json
  $ pomerium-edge jwks app.corp.example.com --algorithms RS256`;

/** A host's key set is where Pomerium has it; whoever names a path means that. */
function addressOf(text: string): string {
  if (text.includes('://')) return text;
  const hasPath = /\/./.test(text);
  return hasPath ? `https://${text}` : `https://${text.replace(/\/$/, '')}${JWKS_PATH}`;
}

async function examine(url: string, algorithms: readonly string[]): Promise<Report> {
  const settings = readRemoteOptions(url, {});
  const nothing = { url, usable: [], skipped: [], etag: null, maxAge: null, freshFor: 0, notes: [] };
  try {
    const now = () => Date.now() / 1000;
    const response = await fetchJwks({ ...settings, now, etag: null });
    const keys = await keysOf(response.document ?? '', algorithms);
    const { notes, ...times } = timesOf(response, settings);
    // What a cache does with a document that is no key set is no help.
    return { ...nothing, ...times, ...keys, notes: keys.problem === undefined ? notes : [] };
  } catch (error) {
    if (!(error instanceof FetchJwksError)) throw error;
    return {
      ...nothing,
      problem: error.message,
      notes: [...proxyNotes(error, process.env), ...placeNotes(error, url)],
    };
  }
}

type Keys = Pick<Report, 'usable' | 'skipped'> & { problem?: string };

async function keysOf(document: string, algorithms: readonly string[]): Promise<Keys> {
  try {
    const { keySet, skipped } = await importJwks(readJwksText(document));
    const keys = keySet.keys.map(({ keyId, algorithm }) => ({ keyId, algorithm }));
    const usable = keys.filter(({ algorithm }) => algorithms.includes(algorithm));
    const unused = keys.filter((key) => !usable.includes(key)).map(notInAlgorithms);
    const all = [...unused, ...skipped];
    if (usable.length > 0) return { usable, skipped: all };
    const problem = `A verifier that accepts ${algorithms.join(', ')} uses none of these keys.`;
    return { usable, skipped: all, problem };
  } catch (error) {
    if (!(error instanceof UnusableJwks)) throw error;
    return { usable: [], skipped: error.skipped, problem: error.message + adviceOn(document) };
  }
}

function notInAlgorithms({ keyId, algorithm }: Report['usable'][number]): UnusedKey {
  const message = `It is for ${algorithm}: used only with algorithms: ['${algorithm}'] (POMERIUM_ALGORITHMS).`;
  return { reason: 'not_in_algorithms', keyId, message };
}

/** What a document that is no key set is, and where the key set is. */
function adviceOn(document: string): string {
  if (document.trimStart().startsWith('<')) {
    return ' It is a page (HTML): the host is no route of this Pomerium, or something before it asks people to sign in. Take the host of a route, as in https://app.corp.example.com/.well-known/pomerium/jwks.json.';
  }
  const value = parseObject(document);
  const url = value && Object.hasOwn(value, 'jwks_uri') ? value['jwks_uri'] : undefined;
  return typeof url === 'string' ? ` It is a discovery document; its key set is at ${safeJson(url)}.` : '';
}

/** Of a page, which asks people to sign in or is not there. */
function placeNotes({ reason }: FetchJwksError, url: string): string[] {
  const { origin, pathname } = new URL(url);
  if ((reason !== 'redirect' && reason !== 'status') || pathname === JWKS_PATH) return [];
  return [`Pomerium has its key set at another path of each route's host: ${origin}${JWKS_PATH}`];
}

/** Node.js goes by way of a proxy only where it is told to. */
function proxyNotes({ reason }: FetchJwksError, { HTTPS_PROXY, https_proxy, NODE_USE_ENV_PROXY }: NodeJS.ProcessEnv) {
  const isMissing = reason === 'unreachable' || reason === 'timeout';
  const isUsed = NODE_USE_ENV_PROXY === '1' && process.allowedNodeEnvironmentFlags.has('--use-env-proxy');
  if (!isMissing || isUsed || !(HTTPS_PROXY || https_proxy)) return [];
  return ['HTTPS_PROXY is set, but Node.js uses it only with NODE_USE_ENV_PROXY=1 (Node.js 24.5 or later).'];
}

function timesOf({ etag, maxAge, age }: JwksResponse, { minTtl, maxTtl }: RemoteSettings) {
  const freshFor = Math.min(Math.max(maxAge ?? 0, minTtl), maxTtl);
  const notes = [
    ...(etag === null
      ? [
          'There is no strong ETag: every refresh fetches the whole document. Pomerium sends one; something in between may drop it.',
        ]
      : []),
    ...(maxAge === null ? [`There is no max-age: the shortest time counts, ${minTtl} s.`] : []),
    ...(maxAge !== null && maxAge !== freshFor
      ? [`max-age=${maxAge} is outside of ${minTtl} to ${maxTtl} s: ${freshFor} s counts.`]
      : []),
    ...(age > 0 ? [`It came from a cache, ${age} s old.`] : []),
  ];
  return { etag, maxAge, freshFor, notes };
}

function printReport({ url, usable, skipped, problem, maxAge, freshFor, notes }: Report): void {
  print(paint('bold', safeText(url)));
  if (problem !== undefined) print(`${mark('fail')} ${safeText(problem)}`);
  for (const { keyId, algorithm } of usable) print(`${mark('pass')} ${algorithm}  ${safeText(keyId)}`);
  for (const { keyId, message } of skipped)
    print(`${mark('not checked')} skipped  ${safeText(`${keyId ?? 'without an id'}: ${message}`)}`);
  for (const note of notes) print(`${mark('not checked')} ${note}`);
  if (problem !== undefined) return;
  const { staleWhileRevalidate, staleIfError } = readRemoteOptions(url, {});
  const gone = Math.ceil((freshFor + staleWhileRevalidate) / 60);
  print('');
  print(
    `Used for ${freshFor} s${maxAge === null ? '' : ` (max-age=${maxAge})`}, and for ${staleWhileRevalidate} s more while it is refreshed; through an outage for ${staleIfError} s.`,
  );
  print(`A key that Pomerium takes away stops verifying within ${gone} minutes.`);
}
