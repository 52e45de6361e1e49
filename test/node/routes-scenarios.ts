import type fc from 'fast-check';
import { assert } from 'vitest';
import { parseClaims } from '../../core/claims.ts';
import { toIdentity } from '../../core/identity.ts';
import { compileRoutes, type MaybeAnonymous, PomeriumError, type Routes } from '../../core/index.ts';
import type { RoutedRequest } from '../../core/routes/targets.ts';
import { toBase64url, userClaims } from '../support/issuer.ts';
import { type GeneratedRequest, IDENTITIES, requests } from './generated-routes.ts';
import {
  type Answer,
  isAllowed,
  loadRoutes,
  type PlainRequest,
  type PlainRoutes,
  Refused,
} from './interpreted-routes.ts';

export const seed = Number(process.env['PROPERTY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
export const listClaims = ['roles'];

/** A configuration and requests for it. */
export const scenario = (documents: fc.Arbitrary<unknown>) =>
  documents.chain((document) => requests(document).map((all) => [document, all] as const));

export function compile(document: unknown): Routes | PomeriumError {
  try {
    return compileRoutes(document, { listClaims });
  } catch (error) {
    if (error instanceof PomeriumError && error.code === 'invalid_configuration') return error;
    throw error;
  }
}

export function load(document: unknown): PlainRoutes | Refused {
  try {
    return loadRoutes(document);
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

export const people = IDENTITIES.map((claims) => {
  const parsed = parseClaims(toBase64url(JSON.stringify(userClaims({ name: '', ...claims }))));
  return { claims, identity: toIdentity({ ...parsed, iss: parsed.iss ?? '' }) };
});

/** Whether the compiled routes let a request with such an assertion through. */
export function passes(
  routes: Routes,
  { issuer, audience }: Pick<MaybeAnonymous, 'issuer' | 'audience'>,
  person: MaybeAnonymous,
  request: RoutedRequest,
): boolean {
  const { url } = request;
  try {
    routes.requireIssued({ iss: issuer, aud: audience }, url && URL.canParse(url) ? [new URL(url).hostname] : []);
    routes.check({ ...person, issuer, audience }, request);
    return true;
  } catch (error) {
    if (!(error instanceof PomeriumError) || error.status === 500) throw error;
    return false;
  }
}

/** Whether Pomerium hands such a request to a service with such an assertion. */
export function isForwarded(
  met: Answer,
  request: PlainRequest,
  claims: Record<string, unknown>,
  iss = met.iss,
): boolean {
  const isSigned = met.by === 'policy' && met.route?.end === 'upstream' && iss === met.iss;
  return isSigned && isAllowed(met, request, { claims, listClaims });
}

/** A path that servers read in different ways is judged by all routes of its host, also where Pomerium answers it itself. */
export function isForAll(met: Answer, request: GeneratedRequest, claims: Record<string, unknown>): boolean {
  const isOdd = !request.isPlain && met.by === 'pomerium';
  return isOdd && met.routes.every((route) => isAllowed({ ...met, route }, request, { claims, listClaims }));
}

/** An error for a counterexample. */
export function found(what: string, ...parts: unknown[]): Error {
  return new Error([what, ...parts.map((part) => JSON.stringify(part))].join(' '));
}

/** Counts what was compared, so that a property cannot go hollow. */
export class Tally {
  readonly counts: Record<string, number> = {};
  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
  assertSeen(least: number, ...names: string[]): void {
    for (const name of names) assert.isAtLeast(this.counts[name] ?? 0, least, name);
  }
}
