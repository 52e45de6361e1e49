import { PomeriumError } from '../../core/errors.ts';
import type { Routes } from '../../core/index.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { IDENTITIES } from '../../testing/identities.ts';
import { identityOf } from '../identity-file.ts';

/** Claims of somebody, and of whom they are. */
export interface Person {
  readonly name: string;
  readonly claims: JsonObject;
}

/** What Pomerium's routes say of requests for one URL. */
export interface Expected {
  /** Somebody whom they let in, where one was found. */
  readonly allowed: Person | undefined;
  readonly refused: readonly Person[];
  /** Which of the bad assertions are good here: the route is public, or one of a wildcard. */
  readonly good: readonly string[];
  readonly issuerFormat: 'host' | 'uri';
}

/**
 * Asks the routes themselves, so that nothing is expected that they would not decide.
 * `url`: as Pomerium is asked, at the host that the endpoint is for. `somebody`: the only one who is tried for `allowed`.
 */
export function expectedAt(routes: Routes, url: URL, somebody?: JsonObject): Expected {
  const issuerFormat =
    (['host', 'uri'] as const).find((format) => judge(routes, url, format, NOBODY) !== 'issuer') ?? 'host';
  const isAllowed = ({ claims }: Person) => judge(routes, url, issuerFormat, claims) === 'allowed';
  const people = somebody ? [{ name: '', claims: somebody }] : candidates(routes);
  const allowed = people.find(isAllowed);
  const strangers = [
    ...strangersTo(allowed?.claims ?? STRANGER),
    ...othersHosts(routes, url, allowed?.claims ?? STRANGER),
  ];
  return {
    allowed,
    refused: strangers.filter(({ claims }) => judge(routes, url, issuerFormat, claims) === 'refused'),
    good: [
      ...(isAllowed({ name: '', claims: NOBODY }) ? ['for nobody'] : []),
      ...(allowed && isAllowed({ name: '', claims: { ...allowed.claims, aud: `other.${url.hostname}` } })
        ? ['for another route']
        : []),
    ],
    issuerFormat,
  };
}

const NOBODY: JsonObject = IDENTITIES.anonymous;
const STRANGER: JsonObject = {
  email: 'doctor@elsewhere.invalid',
  groups: [],
  name: 'Doctor',
  sid: 's-doctor',
  sub: 'u-doctor',
  user: 'u-doctor',
};

function judge(routes: Routes, url: URL, format: 'host' | 'uri', claims: JsonObject): 'allowed' | 'refused' | 'issuer' {
  const host = String(claims['aud'] ?? url.hostname);
  const iss = format === 'uri' ? `https://${host}/` : host;
  const identity = identityOf({ aud: host, ...claims, iss }, 'The identity');
  try {
    routes.requireIssued({ iss, aud: identity.audience }, []);
    routes.check(identity, { url: url.href, method: 'GET', headers: {} });
    return 'allowed';
  } catch (error) {
    if (!(error instanceof PomeriumError)) throw error;
    return error.code === 'issuer_mismatch' ? 'issuer' : 'refused';
  }
}

/** People who may be let in: what the policies of the routes ask for, together and one by one. */
function candidates(routes: Routes): Person[] {
  const policies = routes.explain().flatMap(({ policy }) => policy);
  const asked = valuesIn(policies);
  const all = (name: string) => asked.filter(([one]) => one === name).map(([, value]) => value);
  const claims = Object.fromEntries(
    asked.filter(([name]) => name.startsWith('claim/')).map(([name, value]) => [name.slice(6), value]),
  );
  const emails = [...all('email'), ...all('domain').map((domain) => `doctor@${domain}`)];
  const [user] = all('user');
  const groups = all('groups');
  const person = (more: JsonObject): Person => ({ name: '', claims: { ...STRANGER, ...more } });
  const users = all('user').map((one) => person({ sub: one, user: one }));
  return [
    ...emails.map((email) => person({ email, groups, ...claims, ...(user !== undefined && { sub: user, user }) })),
    person({ groups, ...claims }),
    ...emails.map((email) => person({ email })),
    ...users,
    ...groups.map((group) => person({ groups: [group] })),
    person({}),
  ];
}

const MATCHERS: readonly string[] = ['is', 'has', 'in'];

/** Each value that a criterion asks for, with the criterion's name. */
function valuesIn(value: unknown): (readonly [name: string, value: string])[] {
  if (Array.isArray(value)) return value.flatMap(valuesIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (!/^(email|domain|user|groups|claim\/.+)$/.test(key)) return valuesIn(member);
    const matchers = isObject(member)
      ? Object.entries(member).filter(([name]) => MATCHERS.includes(name))
      : [['', member]];
    return matchers.flatMap(([, texts]) => [texts].flat().map((text) => [key, String(text)] as const));
  });
}

/** The same person with one thing less. */
function strangersTo(allowed: JsonObject): Person[] {
  const { email, user } = STRANGER as { email: string; user: string };
  return [
    { name: 'a good assertion, for somebody in no group', claims: { ...allowed, groups: [] } },
    { name: 'a good assertion, for somebody of another domain', claims: { ...allowed, email, sub: user, user } },
    { name: 'a good assertion, for somebody whom no route names', claims: STRANGER },
    { name: 'a good assertion, for nobody', claims: NOBODY },
  ];
}

const MAX_HOSTS = 3;

/** Of the same Pomerium, so that its key and everything else is right. */
function othersHosts(routes: Routes, url: URL, claims: JsonObject): Person[] {
  const hosts = routes
    .explain()
    .filter(({ end, isDecidedHere }) => end === 'upstream' && !isDecidedHere)
    .map(({ from }) => new URL(from).hostname)
    .filter((host) => !host.includes('*') && host !== url.hostname);
  return [...new Set(hosts)].slice(0, MAX_HOSTS).map((host) => ({
    name: `a good assertion, for the host ${host}`,
    claims: { ...claims, aud: host },
  }));
}
