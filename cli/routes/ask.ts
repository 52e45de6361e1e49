import { PomeriumError } from '../../core/errors.ts';
import type { Routes } from '../../core/index.ts';
import type { JsonObject } from '../../core/json.ts';
import { wildcardMatches } from '../../core/routes/from.ts';
import { safeText } from '../../inspector/text.ts';
import { identityOf, readClaimsFile } from '../identity-file.ts';
import { readHeaders } from '../input.ts';
import { EXIT, paint, print, printJson, UsageError } from '../output.ts';
import { printTree, printVerdict } from '../policy-tree.ts';
import { type Examined, requireUsable } from './examine.ts';
import { type Row, rowsOf } from './rows.ts';
import { remarksOn } from './show.ts';

export interface Question {
  /** A file with claims. */
  readonly as: string;
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly header?: readonly string[] | undefined;
  readonly leave?: readonly string[] | undefined;
  readonly json?: boolean | undefined;
}

type Traced = ReturnType<Routes['trace']>[number];

/** Says what becomes of a request. Gives the exit code. Throws `UsageError`. */
export async function askRoutes(examined: Examined, question: Question): Promise<number> {
  const { url = '', method = 'GET', leave = [], json } = question;
  if (!/^https?:/i.test(url) || !URL.canParse(url)) {
    throw new UsageError(
      '--as needs the host of the route and the path that the service is asked for; say --url https://app.corp.example.com/admin.',
    );
  }
  const routes = requireUsable(examined);
  const request = { url, method, headers: readHeaders(question.header ?? []) };
  const claims = signedIn(await readClaimsFile(question.as));
  const answer = decide(routes, request, (more) => identityOf({ ...claims, ...more }, question.as));
  const rows = rowsOf(examined, leave);
  const met = answer.traced.flatMap((traced) => {
    const row = rows.find(({ at }) => at === traced.at);
    return row ? [{ row, traced }] : [];
  });
  const { refusal } = answer;
  const reason = refusal?.code === 'audience_mismatch' ? whyNone(new URL(url).hostname, rows) : refusal?.message;
  if (json) {
    const shown = met.map(({ row, traced }) => ({ ...row, policy: traced.explanation }));
    printJson({ url, method, allowed: !refusal, reason, routes: shown });
  } else {
    print(paint('bold', safeText(`${method} ${url}`)));
    showMet(met);
    if (reason !== undefined) print(`\n${safeText(reason)}`);
    const left = refusal ? [] : [...new Set(met.flatMap(({ row }) => row.left))];
    if (left.length > 0) print(`\nPomerium alone decides: ${safeText(left.join(', '))}.`);
    printVerdict(!refusal);
  }
  return refusal ? EXIT.bad : EXIT.ok;
}

/** Whoever has any claim is signed in. */
function signedIn(claims: JsonObject): JsonObject {
  if ('sub' in claims || Object.keys(claims).length === 0) return claims;
  return { ...claims, sub: claims['user'] ?? '(somebody)' };
}

interface Answer {
  /** Why it is refused. */
  readonly refusal: PomeriumError | undefined;
  readonly traced: readonly Traced[];
}

/** Whatever the issuer: an assertion would have that of the route by which it came. */
function decide(
  routes: Routes,
  request: { readonly url: string; readonly method: string; readonly headers: Record<string, string> },
  identityWith: (claims: JsonObject) => ReturnType<typeof identityOf>,
): Answer {
  const host = new URL(request.url).hostname;
  const identities = [host, `https://${host}/`].map((iss) => identityWith({ iss, aud: host }));
  const refusals = identities.map((identity) =>
    refusalOf(() => {
      routes.requireIssued({ iss: identity.issuer, aud: identity.audience }, [host]);
      routes.check(identity, request);
    }),
  );
  const traced = identities.flatMap((identity) => tracedBy(routes, identity, request)).filter(isFirst);
  if (refusals.includes(undefined)) return { refusal: undefined, traced };
  const [refusal] = refusals.filter((one) => one?.code !== 'issuer_mismatch');
  return { refusal: refusal ?? refusals[0], traced };
}

function isFirst({ at }: Traced, i: number, all: readonly Traced[]): boolean {
  return all.findIndex((one) => one.at === at) === i;
}

function refusalOf(judge: () => void): PomeriumError | undefined {
  try {
    judge();
    return undefined;
  } catch (error) {
    if (error instanceof PomeriumError && error.code !== 'invalid_configuration') return error;
    throw error;
  }
}

function tracedBy(routes: Routes, ...[identity, request]: Parameters<Routes['trace']>): readonly Traced[] {
  try {
    return routes.trace(identity, request);
  } catch (error) {
    if (error instanceof PomeriumError) return [];
    throw error;
  }
}

/** Why no route of the host is asked at all. */
function whyNone(host: string, rows: readonly Row[]): string {
  const own = rows.filter((row) => wildcardMatches(row.host.replace(/:\d+$/, ''), host));
  if (own.some(({ decided }) => decided === 'another host')) return `${host} is not one of the hosts that are wanted.`;
  const [first] = own;
  if (first?.how) return `What is for ${host} leads to no service by HTTP: ${first.how}.`;
  const hosts = new Set(rows.filter(({ how }) => how === undefined).map((row) => row.host));
  return `No route is for the host ${host}; there are ${[...hosts].join(', ')}.`;
}

function showMet(met: readonly { row: Row; traced: Traced }[]): void {
  if (met.length > 1) {
    const why = met.some(({ row }) => row.rewritesPath)
      ? 'Paths are rewritten'
      : 'Servers read this path in different ways';
    print(`${why}, so that it may have come by several routes: each must let it through.`);
  }
  for (const { row, traced } of met) {
    print(`\n${safeText(`${row.at || 'the route'}  ${row.host}  ${row.path}`)}  ${paint('dim', safeText(row.place))}`);
    for (const remark of remarksOn(row)) print(`${paint('yellow', '!')} ${remark}`);
    const { explanation } = traced;
    if (!explanation) print(row.how === undefined ? 'It is of another host.' : `Pomerium answers itself: ${row.how}.`);
    else if (explanation.rules.some(({ operators }) => operators.length > 0)) printTree(explanation);
    else print('It has no setting and no policy that lets anybody in.');
  }
}
