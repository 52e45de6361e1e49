import { ASSERTION_HEADER } from '../../core/gate/headers.ts';
import { createTestIssuer } from '../../testing/issuer.ts';
import { readText } from '../input.ts';
import { readSigningKeys } from '../signing-keys.ts';
import { judgeAround, publicPaths, requestsAround, withoutAssertion } from './around.ts';
import { type Attack, attacksOn } from './attacks.ts';
import { type Baseline, baselineOf } from './baseline.ts';
import { withControl } from './control.ts';
import type { Finding } from './finding.ts';
import { isUnreachable, judge, judgeFailure } from './judge.ts';
import { dataUrlsIn, linksIn, type Page } from './links.ts';
import { perform } from './perform.ts';
import type { Plan } from './plan.ts';
import { isAddressOfRoute, isOfPomerium, pomeriumInstead } from './pomerium.ts';
import { type Answer, type RawRequest, send } from './send.ts';
import { judgeAssertionGiven, requestForAssertion, type Session } from './session.ts';

export interface ExamineOptions {
  /** The file with the endpoint's own key. */
  readonly key?: string | undefined;
  /** Requests a second. */
  readonly rate: number;
  /** For each request, in seconds. */
  readonly timeout: number;
  /** Paths that are meant for everybody, see `publicPaths`. */
  readonly publicPaths?: readonly string[] | undefined;
}

export async function examine(url: string, plan: Plan, options: ExamineOptions): Promise<Finding[]> {
  const { audience, somebody, expected, issuerFormat, session } = plan;
  const { key } = options;
  const keys = key === undefined ? undefined : await readSigningKeys(await readText(key), key);
  const isTrusted = keys !== undefined;
  const issuer = await createTestIssuer({ host: audience, issuerFormat, ...(keys && { keys }) });
  const target = new URL(url);
  const path = target.pathname + target.search;
  const isPublic = publicPaths(options.publicPaths ?? []);
  const ask = (request: RawRequest) => sendInTurn(url, request, options);
  const askSignedIn: AskSignedIn = async (path, ...lines) => {
    const assertion = await issuer.sign(somebody);
    return ask({ path, headers: [...lines, [ASSERTION_HEADER, assertion]] }).catch(() => undefined);
  };
  const unknown = `/pomerium-edge-doctor-${crypto.randomUUID()}`;

  const ofPomerium = session ? await askPomerium(session, isPublic, options) : [];
  if (!isTrusted && isAddressOfRoute(target, audience)) {
    return [...ofPomerium, pomeriumInstead('the host of the URL is that of the route', undefined)];
  }
  let first: Answer | undefined;
  try {
    first = await ask({ path, headers: [] });
  } catch (error) {
    if (isUnreachable(error)) return [...ofPomerium, judgeFailure({ name: 'the address', expect: 'refused' }, error)];
  }
  // Whom the routes let in is not known where none was found, and nobody else sees a page.
  const seesPages = isTrusted && (!expected || somebody !== undefined);
  if (first && isOfPomerium(first)) {
    // Pomerium takes away an assertion that is sent to it.
    const good = seesPages ? await askSignedIn(path) : undefined;
    if (isOfPomerium(good ?? first)) return [...ofPomerium, pomeriumInstead('it answers itself', first.status)];
  }
  const shell = seesPages ? await askSignedIn(unknown) : undefined;
  let baseline: Baseline | undefined;
  let answerToUnknown: Answer | undefined;
  const judgeBefore = (attack: Attack, answer: Answer) => {
    const finding = judge(attack, answer, baseline);
    // The first request is good, where one is sent.
    if (attack.expect === 'let in' && finding.verdict === 'as it should') baseline ??= baselineOf(answer, shell);
    return finding;
  };
  const judgeBeside = (attack: Attack, answer: Answer) => {
    if (attack.path === unknown) answerToUnknown = answer;
    return judgeAround(attack, answer, { unknown: answerToUnknown, baseline });
  };

  const findings = await perform(ask, await attacksOn(target, issuer, { isTrusted, somebody, expected }), judgeBefore);
  const around = requestsAround(target, unknown).filter(({ path }) => !isPublic(path));
  findings.push(...(await perform(ask, around, judgeBeside)));
  if (seesPages) {
    const tried = new Set([target.pathname, ...around.map(({ path }) => path)]);
    const pages = await readPages(target, askSignedIn);
    const paths = [...dataUrlsIn(pages), ...linksIn(pages, audience)];
    const untried = paths.filter((path) => !tried.has(path) && !isPublic(path));
    findings.push(...(await perform(ask, untried.map(withoutAssertion), judgeBeside)));
  }
  return [
    ...ofPomerium,
    ...withControl(findings, { hasKey: isTrusted, hasGood: seesPages, gotIn: baseline !== undefined }),
  ];
}

/** Whether Pomerium gives an assertion to somebody who is signed in. */
async function askPomerium(
  { origin, cookie }: Session,
  isPublic: (path: string) => boolean,
  options: ExamineOptions,
): Promise<Finding[]> {
  const request = requestForAssertion(cookie);
  if (isPublic(request.path)) return [];
  return perform((one) => sendInTurn(origin, one, options), [request], judgeAssertionGiven);
}

/** The answer to somebody who is let in; undefined where there is none. */
type AskSignedIn = (path: string, ...lines: RawRequest['headers']) => Promise<Answer | undefined>;

/** What somebody who is let in sees at the endpoint, and at `/`. */
async function readPages(target: URL, askSignedIn: AskSignedIn): Promise<Page[]> {
  const pages: Page[] = [];
  for (const path of new Set([target.pathname + target.search, '/'])) {
    const answer = await askSignedIn(path, ['Accept', 'text/html,*/*;q=0.8']);
    if (answer && answer.status >= 200 && answer.status < 300) {
      pages.push({ html: answer.body, url: new URL(path, target) });
    }
  }
  return pages;
}

/** The answer, not before the rate allows the next request. */
async function sendInTurn(url: string, request: RawRequest, { rate, timeout }: ExamineOptions): Promise<Answer> {
  const answer = send(url, request, timeout * 1000);
  await Promise.allSettled([answer, new Promise((resolve) => setTimeout(resolve, 1000 / rate))]);
  return answer;
}
