import { basename } from 'node:path';
import { toSafeJson } from '../../core/errors.ts';
import type { Routes } from '../../core/index.ts';
import { safeText } from '../../inspector/text.ts';
import { UsageError } from '../output.ts';
import type { Examined } from './examine.ts';
import { jwksUrlOf } from './jwks-url.ts';
import { PLATFORMS, type Platform, type Variables } from './platforms.ts';

/** What `--for` takes. */
export const FORMATS: readonly string[] = [...Object.keys(PLATFORMS), 'json'];

export interface PasteOptions {
  readonly file: string;
  readonly format: string;
  readonly host?: readonly string[] | undefined;
  readonly leave?: readonly string[] | undefined;
  readonly listClaims?: readonly string[] | undefined;
}

/**
 * The settings to paste: what decides, for the hosts that are wanted, and nothing else of the file.
 * @throws {UsageError}
 */
export function settingsFor(routes: Routes, examined: Examined, options: PasteOptions): string {
  const json = toSafeJson(routes);
  if (options.format === 'json') return json;
  const platform = PLATFORMS[options.format];
  if (!platform) throw new UsageError(`--for must be one of ${FORMATS.join(', ')}.`);
  const jwks = jwksUrlOf(routes.hosts, routes.explain(), examined.configuration);
  const deciding: Variables = [
    ['POMERIUM_ROUTES', json],
    ...listVariable('POMERIUM_LIST_CLAIMS', '--list-claims', options.listClaims),
    ...listVariable('POMERIUM_LEAVE_TO_POMERIUM', '--leave', options.leave),
  ];
  const keys: Variables = jwks.isNeeded ? [['POMERIUM_JWKS_URL', jwks.url]] : [];
  const tooLarge = excess([...deciding, ...keys], platform);
  const isInCode = tooLarge !== undefined && platform.isHardLimit === true;
  return [
    ...comment(introduction(routes, options)),
    ...comment(jwks.isNeeded ? [] : [`The keys are fetched at ${jwks.url}, unless POMERIUM_JWKS_URL says otherwise.`]),
    ...comment(
      jwks.isNeeded
        ? ['A wildcard names no host for the keys: see that POMERIUM_JWKS_URL is one of this Pomerium.']
        : [],
    ),
    ...comment(hostsNote(routes, options)),
    ...comment(warnings(routes)),
    ...comment(tooLarge === undefined ? [] : inCode(tooLarge, platform, options)),
    ...(isInCode && keys.length === 0 ? [] : platform.lines(isInCode ? keys : [...deciding, ...keys])),
  ].join('\n');
}

function comment(lines: readonly string[]): string[] {
  return lines.map((line) => `# ${safeText(line)}`.trimEnd());
}

/** An empty list says something, too: that no claim has several values. */
function listVariable(name: string, option: string, values: readonly string[] | undefined): Variables {
  if (values === undefined) return [];
  const wrong = values.find((value) => !/^[^\s\p{C},'"`$\\]*$/u.test(value));
  // The empty text is a variable that is not set.
  if (wrong === undefined) return [[name, values.join(',') || '[]']];
  throw new UsageError(`${option} has ${JSON.stringify(wrong)}, which no variable can hold; take it out.`);
}

function introduction({ hosts }: Routes, { file }: PasteOptions): string[] {
  return [
    `Pomerium's routes of ${hosts.join(', ')}, from ${basename(file)}. They stand instead of POMERIUM_AUDIENCE,`,
    'POMERIUM_ISSUER, POMERIUM_POLICY, POMERIUM_RULES, POMERIUM_OPTIONAL and POMERIUM_ALLOW_PREFLIGHT.',
  ];
}

function hostsNote({ hosts }: Routes, { host }: PasteOptions): string[] {
  if (host !== undefined || hosts.length < 2) return [];
  return ['Whoever may open one of these hosts reaches this service by it: name those that lead to it with --host.'];
}

function warnings(routes: Routes): string[] {
  const without = routes.explain().filter(({ isDecidedHere, passesAssertion }) => isDecidedHere && !passesAssertion);
  if (without.length === 0) return [];
  const names = without.map(({ at, from }) => (at === '' ? from : `${at} (${from})`)).join(', ');
  return [`No assertion arrives by ${names}: set pass_identity_headers: true there, or for all routes.`];
}

/** How much it is, where that is too much. */
function excess(variables: Variables, { limit }: Platform): string | undefined {
  if (!limit) return undefined;
  const sizes = variables.map(([name, value]) => Buffer.byteLength(limit.of === 'all' ? name + value : value));
  const size = limit.of === 'all' ? sizes.reduce((sum, one) => sum + one, 0) : Math.max(...sizes);
  return size > limit.bytes ? `This takes ${size} bytes, and ${limit.what}.` : undefined;
}

function inCode(tooLarge: string, { code, isHardLimit }: Platform, options: PasteOptions): string[] {
  const { file, host = [], leave, listClaims } = options;
  const given = [
    ...(listClaims ? [`listClaims: ${listOf(listClaims)}`] : []),
    ...(leave ? [`leaveToPomerium: ${listOf(leave)}`] : []),
  ];
  const flags = [
    ...host.map((one) => ` --host '${one}'`),
    ...(listClaims ? [` --list-claims '${listClaims.join(',') || '[]'}'`] : []),
    ...(leave ? [` --leave ${leave.join(',')}`] : []),
  ];
  const advice = host.length === 0 ? ' Name only the hosts that lead to this service (--host), or pass' : ' Pass';
  return [
    `${tooLarge}${advice} the routes in code${isHardLimit ? '' : ', where it runs on that'}:`,
    '',
    `  npx pomerium-edge routes ${basename(file)}${flags.join('')} --for json > routes.json`,
    '',
    ...(code?.(given.length > 0 ? `, { ${given.join(', ')} }` : '') ?? []).map((line) => `  ${line}`),
    '',
  ];
}

function listOf(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}
