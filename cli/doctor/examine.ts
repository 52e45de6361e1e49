import { ASSERTION_HEADER } from '../../core/gate/headers.ts';
import { createTestIssuer } from '../../testing/issuer.ts';
import { readText } from '../input.ts';
import { readSigningKeys } from '../signing-keys.ts';
import { judgeAround, publicPaths, requestsAround, withoutAssertion } from './around.ts';
import { type Attack, attacksOn } from './attacks.ts';
import { type Finding, judge, judgeFailure } from './judge.ts';
import { linksIn, type Page } from './links.ts';
import type { Plan } from './plan.ts';
import { type Answer, type RawRequest, send } from './send.ts';

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
  const { audience, expected, issuerFormat } = plan;
  const { key } = options;
  const keys = key === undefined ? undefined : await readSigningKeys(await readText(key), key);
  const isTrusted = keys !== undefined;
  const issuer = await createTestIssuer({ host: audience, issuerFormat, ...(keys && { keys }) });
  const target = new URL(url);
  const isPublic = publicPaths(options.publicPaths ?? []);
  const ask = (request: RawRequest) => sendInTurn(url, request, options);
  const perform = async (attacks: readonly Attack[], judgeAnswer = judge): Promise<Finding[]> => {
    const findings: Finding[] = [];
    for (const attack of attacks) {
      findings.push(
        await ask(attack).then(
          (answer) => judgeAnswer(attack, answer),
          (error) => judgeFailure(attack, error),
        ),
      );
    }
    return findings;
  };

  const findings = await perform(await attacksOn(target, issuer, { isTrusted, expected }));

  const unknown = `/pomerium-edge-doctor-${crypto.randomUUID()}`;
  let answerToUnknown: Answer | undefined;
  const judgeBeside = (attack: Attack, answer: Answer) => {
    if (attack.path === unknown) answerToUnknown = answer;
    return judgeAround(attack, answer, answerToUnknown);
  };
  const around = requestsAround(target, unknown).filter(({ path }) => !isPublic(path));
  findings.push(...(await perform(around, judgeBeside)));

  // Whom the routes let in is not known where none was found, and nobody else sees a page.
  if (!isTrusted || (expected && !expected.allowed)) return findings;
  const sign = () => issuer.sign(expected?.allowed?.claims);
  const tried = new Set([target.pathname, ...around.map(({ path }) => path)]);
  const links = linksIn(await readPages(target, sign, ask), audience);
  const untried = links.filter((path) => !tried.has(path) && !isPublic(path));
  return [...findings, ...(await perform(untried.map(withoutAssertion), judgeBeside))];
}

/** What somebody who is let in sees at the endpoint, and at `/`. */
async function readPages(
  target: URL,
  sign: () => Promise<string>,
  ask: (request: RawRequest) => Promise<Answer>,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (const path of new Set([target.pathname + target.search, '/'])) {
    const headers = [['Accept', 'text/html,*/*;q=0.8'] as const, [ASSERTION_HEADER, await sign()] as const];
    const answer = await ask({ path, headers }).catch(() => undefined);
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
