import type { ClaimRules } from './claims.ts';
import { configurationError, describeValue } from './errors.ts';
import type { EventListener } from './events.ts';
import { keysByIssuer, type SeveralKeys } from './keys/by-issuer.ts';
import type { KeySource } from './keys/source.ts';
import { readBoolean, readFunction, readSeconds, requireKnown, requireOptions } from './option-readers.ts';
import { type AnyOptions, type OnBehalfOfOptions, VERIFIER_OPTIONS } from './options.ts';
import { isPolicy, type Policy } from './policy/policy.ts';
import type { Routes } from './routes/compile.ts';
import { isRoutes } from './routes/is-routes.ts';
import { ALGORITHMS, type Algorithm } from './signature/algorithms.ts';
import { readAudiences, readIssuersFor, readKeys, readSeveral } from './trust-options.ts';
import { requireStandardUrl } from './url.ts';

/** The options of a verifier, read. */
export interface VerifierSettings extends ClaimRules {
  readonly routes: Routes | undefined;
  readonly keys: KeySource;
  /** The same, with `issuers`. */
  readonly severalKeys: SeveralKeys | undefined;
  readonly algorithms: ReadonlySet<string>;
  readonly policy: Policy | undefined;
  readonly onBehalfOf: { readonly settings: SignedInSettings; readonly callers: Policy } | undefined;
  readonly onEvent: EventListener | undefined;
  readonly now: () => number;
}

/** Settings with which nobody is anonymous. */
export type SignedInSettings = VerifierSettings & { readonly allowAnonymous: false };

/** @throws {PomeriumError} `invalid_configuration`, with a sentence that says what to write instead */
export function readVerifierOptions(options: AnyOptions): VerifierSettings {
  requireStandardUrl();
  requireOptions(options);
  requireKnown(options, VERIFIER_OPTIONS, 'option');
  const routes = readRoutes(options);
  const audiences = routes ? [] : readAudiences(options.audience);
  const several = readSeveral(options);
  const severalKeys = several && keysByIssuer(several);
  return {
    routes,
    audiences: new Set(audiences),
    issuersFor: readIssuersFor(options.issuer, several, audiences),
    keys: severalKeys ?? readKeys(options),
    severalKeys,
    clockTolerance: readSeconds('clockTolerance', options.clockTolerance) ?? 60,
    maxTokenAge: readSeconds('maxTokenAge', options.maxTokenAge),
    algorithms: new Set(readAlgorithms(options.algorithms)),
    allowAnonymous: readBoolean('allowAnonymous', options.allowAnonymous) ?? routes !== undefined,
    policy: readPolicy('policy', options.policy),
    onBehalfOf: readOnBehalfOf(options),
    onEvent: readFunction('onEvent', options.onEvent),
    now: readFunction('now', options.now) ?? (() => Date.now() / 1000),
  };
}

function readRoutes({ routes, ...others }: AnyOptions): Routes | undefined {
  if (routes === undefined) return undefined;
  if (!isRoutes(routes)) {
    throw configurationError('routes must be compiled routes; write routes: compileRoutes(configuration).');
  }
  requireNoOther(others);
  return routes;
}

const INSTEAD_OF_ROUTES = ['audience', 'issuer', 'issuers', 'policy'] as const;

/**
 * Ensures that nothing is set beside routes that they say already. `nameOf`: how the operator wrote it.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function requireNoOther(
  options: { readonly [Name in (typeof INSTEAD_OF_ROUTES)[number]]?: unknown },
  nameOf: (option: (typeof INSTEAD_OF_ROUTES)[number]) => string = (option) => option,
): void {
  const other = INSTEAD_OF_ROUTES.find((name) => options[name] !== undefined);
  if (other === undefined) return;
  const name = nameOf(other);
  throw configurationError(
    `routes and ${name} exclude each other: routes say for which hosts an assertion may be, and who may pass; leave ${name} out.`,
  );
}

/** A policy that is compiled; undefined where it is not set. */
export function readPolicy(name: string, policy: Policy | undefined): Policy | undefined {
  if (policy === undefined || isPolicy(policy)) return policy;
  throw configurationError(`${name} must be a compiled policy; write ${name}: compilePolicy({ allow: … }).`);
}

const ON_BEHALF_OF_NAMES: readonly (keyof OnBehalfOfOptions)[] = ['audience', 'issuer', 'keys', 'callers'];

/** Times, algorithms and the clock are the verifier's own. */
function readOnBehalfOf(options: AnyOptions): VerifierSettings['onBehalfOf'] {
  const { onBehalfOf, store, clockTolerance, algorithms, onEvent, now } = options;
  if (onBehalfOf === undefined) return undefined;
  if (typeof onBehalfOf !== 'object' || onBehalfOf === null) {
    throw configurationError('onBehalfOf must be an object; write onBehalfOf: { audience, callers }.');
  }
  requireKnown(onBehalfOf, ON_BEHALF_OF_NAMES, 'option of onBehalfOf');
  const callers = readPolicy('onBehalfOf.callers', onBehalfOf.callers);
  if (!callers) {
    throw configurationError(
      'onBehalfOf.callers is missing; write callers: compilePolicy({ allow: … }) for those who may act for others.',
    );
  }
  const { audience, issuer, keys } = onBehalfOf;
  const settings = readVerifierOptions({
    audience,
    issuer,
    keys,
    store: keys ? undefined : store,
    clockTolerance,
    algorithms,
    onEvent,
    now,
  });
  return { settings: { ...settings, allowAnonymous: false }, callers };
}

/** Throws `invalid_configuration`. */
export function readAlgorithms(algorithms: unknown): readonly Algorithm[] {
  if (algorithms === undefined) return ['ES256'];
  const list: readonly unknown[] = Array.isArray(algorithms) ? algorithms : [];
  const known = ALGORITHMS.filter((algorithm) => list.includes(algorithm));
  const unknown = list.find((algorithm) => !ALGORITHMS.some((one) => one === algorithm));
  if (known.length === 0 || unknown !== undefined) {
    const what =
      unknown === undefined ? 'algorithms must be a list' : `The algorithm ${describeValue(unknown)} cannot be used`;
    throw configurationError(`${what}; write some of ${ALGORITHMS.join(', ')}.`);
  }
  return known;
}
