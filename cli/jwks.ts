import type { Command } from 'commander';
import type { SkippedKey } from '../core/keys/material/jwk.ts';
import { importJwks, readJwksText, UnusableJwks } from '../core/keys/material/jwks.ts';
import { FetchJwksError, fetchJwks, type JwksResponse } from '../core/keys/remote/fetch-jwks.ts';
import { type RemoteSettings, readRemoteOptions } from '../core/keys/remote/options.ts';
import { safeText } from '../inspector/text.ts';
import { EXIT, mark, paint, print, printJson } from './output.ts';

/** What the library would make of a key set's URL. */
interface Report {
  readonly url: string;
  readonly usable: readonly { readonly keyId: string; readonly algorithm: string }[];
  readonly skipped: readonly SkippedKey[];
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
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, { json }: { json?: boolean }) => {
      const report = await examine(url.includes('://') ? url : `https://${url}/.well-known/pomerium/jwks.json`);
      if (json) printJson(report);
      else printReport(report);
      process.exitCode = report.problem === undefined ? EXIT.ok : EXIT.bad;
    });
}

const EXAMPLES = `
Exit codes: 0 there are keys to use, 1 there are none, 2 called wrongly.

Examples:
  $ pomerium-edge jwks app.corp.example.com
  $ pomerium-edge jwks https://authenticate.example.com/.well-known/pomerium/jwks.json --json`;

async function examine(url: string): Promise<Report> {
  const settings = readRemoteOptions(url, {});
  const nothing = { url, usable: [], skipped: [], etag: null, maxAge: null, freshFor: 0, notes: [] };
  try {
    const now = () => Date.now() / 1000;
    const response = await fetchJwks({ ...settings, now, etag: null });
    return { ...nothing, ...timesOf(response, settings), ...(await keysOf(response.document ?? '')) };
  } catch (error) {
    if (!(error instanceof FetchJwksError)) throw error;
    return { ...nothing, problem: error.message };
  }
}

async function keysOf(document: string): Promise<Pick<Report, 'usable' | 'skipped'> & { problem?: string }> {
  try {
    const { keySet, skipped } = await importJwks(readJwksText(document));
    return {
      usable: keySet.keys.map(({ keyId, algorithm }) => ({ keyId, algorithm })),
      skipped,
    };
  } catch (error) {
    if (!(error instanceof UnusableJwks)) throw error;
    return { usable: [], skipped: error.skipped, problem: error.message };
  }
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
  print(paint('bold', url));
  if (problem !== undefined) print(`${mark('fail')} ${problem}`);
  for (const { keyId, algorithm } of usable) print(`${mark('pass')} ${algorithm}  ${safeText(keyId)}`);
  for (const { keyId, message } of skipped)
    print(`${mark('not checked')} skipped  ${safeText(keyId ?? 'without an id')}: ${message}`);
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
