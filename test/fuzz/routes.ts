import fc from 'fast-check';
import { PomeriumError } from '../../core/index.ts';
import { configuration, type GeneratedRequest } from '../node/generated-routes.ts';
import { type Answer, answer, Refused, servicePath } from '../node/interpreted-routes.ts';
import { compile, found, isForAll, isForwarded, load, passes, people, scenario } from '../node/routes-scenarios.ts';
import { type Change, change, changed } from './odd-json.ts';
import { defineTarget } from './target.ts';

/** The format that Pomerium signs; now and then the other one, too, which it does not. */
const issuers = ({ aud, iss, path }: Answer) => (path.length % 4 === 0 ? [iss, `https://${aud}/`] : [iss]);

const outcome = (here: boolean, there: boolean) => (here ? 'allowed' : there ? 'stricter' : 'refused');

type Scenario = readonly [document: unknown, requests: GeneratedRequest[]];
type Passes = typeof passes;

const BROKEN: Readonly<Record<string, Passes>> = {
  'that lets everybody in where somebody may': (routes, issued, _, request) =>
    people.some(({ identity }) => passes(routes, issued, identity, request)),
};

/** Configurations without rewrites, compiled against interpreted: the same answers. */
export const routeTarget = defineTarget<Scenario, Passes>({
  name: 'routes',
  inputs: scenario(configuration()),
  subject: passes,
  broken: {
    ...BROKEN,
    'that knows no method': (routes, issued, person, request) =>
      passes(routes, issued, person, { ...request, method: 'GET' }),
  },
  check([document, all], passesHere, count) {
    const routes = compile(document);
    const plain = load(document);
    if (routes instanceof PomeriumError || plain instanceof Refused) return;
    for (const one of all) {
      const met = answer(plain, one);
      for (const { claims, identity } of people) {
        for (const issuer of issuers(met)) {
          const here = passesHere(routes, { issuer, audience: [met.aud] }, identity, one);
          const there = isForwarded(met, one, claims, issuer);
          const isWeaker = here && !there && !isForAll(met, one, claims);
          if (isWeaker) throw found('weaker', one, claims, issuer, met.by);
          const isStricter = !here && there && one.isPlain && identity.subject !== undefined;
          if (isStricter) throw found('stricter', one, claims, issuer);
          count(`${one.isPlain ? 'plain' : 'odd'}: ${outcome(here, there)}`);
        }
      }
    }
  },
  runs: 800,
  seen: {
    'plain: allowed': 1,
    'plain: refused': 1,
    'plain: stricter': 0.025,
    'odd: allowed': 0.025,
    'odd: refused': 0.025,
    'odd: stricter': 0.025,
  },
});

/** Configurations with rewrites: what is allowed is allowed there. */
export const rewriteTarget = defineTarget<Scenario, Passes>({
  name: 'rewrites',
  inputs: scenario(configuration(true)),
  subject: passes,
  broken: BROKEN,
  check([document, all], passesHere, count) {
    const routes = compile(document);
    const plain = load(document);
    if (routes instanceof PomeriumError || plain instanceof Refused) return;
    for (const one of all) {
      const met = answer(plain, one);
      // Pomerium asks no service for anything else.
      if (met.by !== 'policy' || met.route?.end !== 'upstream') continue;
      const { method, headers } = one;
      const served = servicePath(met);
      const views = {
        sent: one,
        served: { method, headers, url: served },
        decoded: { method, headers, path: decode(served) },
      };
      for (const { claims, identity } of people) {
        const there = isForwarded(met, one, claims);
        for (const [name, view] of Object.entries(views)) {
          const here = passesHere(routes, { issuer: met.iss, audience: [met.aud] }, identity, view);
          if (here && !there) throw found('weaker', one, view, claims);
          count(`${name}: ${outcome(here, there)}`);
        }
      }
    }
  },
  runs: 600,
  seen: Object.fromEntries(
    ['sent', 'served', 'decoded'].flatMap((name) =>
      ['allowed', 'refused', 'stricter'].map((what) => [`${name}: ${what}`, 0.25]),
    ),
  ),
});

function decode(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

type Compile = (document: unknown) => unknown;

/** Configurations with mistakes anywhere: routes, or a refusal that says so. */
export const configurationTarget = defineTarget<readonly [unknown, readonly Change[]], Compile>({
  name: 'configurations',
  inputs: fc.tuple(fc.boolean().chain(configuration), fc.array(change, { minLength: 1, maxLength: 3 })),
  subject: compile,
  broken: {
    'that trips over a route that is none': (document) => {
      for (const route of (document as { routes?: object[] }).routes ?? []) Object.keys(route);
      return compile(document);
    },
  },
  check([right, changes], compileHere, count) {
    const routes = compileHere(changed(right, changes));
    count(routes instanceof PomeriumError ? 'refused' : 'compiled');
  },
  runs: 1_500,
  seen: { refused: 0.25, compiled: 0.05 },
});
