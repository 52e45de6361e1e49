import { assert, test } from 'vitest';
import type { MiddlewareOptions } from '../../../adapters/vercel/index.ts';
import { compilePolicy, type PomeriumEvent, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';
import { ASSERTION, key, logOf, loud, token } from './support.ts';

/** What became of a request. */
export interface Outcome {
  readonly status: number;
  /** The headers of the request that went on; none where it was refused. */
  readonly behind: Readonly<Record<string, string | null>>;
  readonly answer: Headers;
}

/** What is sent: a path, a method and headers. */
export interface Sent {
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
}

interface OptionCase {
  readonly option: keyof MiddlewareOptions<unknown>;
  readonly value: unknown;
  /** The variable that says the same. */
  readonly variable?: readonly [name: string, text: string];
  /** Options beside it, without those that are undefined. */
  readonly beside?: Partial<Record<keyof MiddlewareOptions<unknown>, unknown>>;
  readonly environment?: Record<string, string>;
  readonly sent?: Partial<Sent>;
  /** What the option changes, without it and with it. */
  readonly see: (outcome: Outcome, lines: unknown[]) => unknown;
  readonly without: unknown;
  readonly with: unknown;
}

const strange = jwks(await makeKey());
const contractor = await sign(key, { roles: 'staff,contractor', department: 'R&D' });
const old = await sign(key, { iat: NOW - 100 });
const late = await sign(key, { exp: NOW - 30 });
const noContractors = {
  allow: { or: [{ accept: true }] },
  deny: { or: [{ 'claim/roles': 'contractor' }] },
};
const forAdmins = { allow: { or: [{ groups: 'admins' }] } };
const fromOffice = { allow: { and: [{ accept: true }, { source_ip: '10.0.0.0/8' }] } };
const forAdminsAlone = { routes: [{ from: `https://${HOST}`, to: 'http://app', policy: [forAdmins] }] };
const events: PomeriumEvent[] = [];
const reads: string[] = [];
const readNothing = (name: string) => {
  reads.push(name);
  return null;
};

const status = ({ status }: Outcome) => status;
const nobody = { headers: {} };
const preflight = {
  method: 'OPTIONS',
  headers: { origin: 'https://a.test', 'access-control-request-method': 'PUT' },
};

const CASES: readonly OptionCase[] = [
  {
    option: 'audience',
    value: 'other.test',
    variable: ['POMERIUM_AUDIENCE', 'other.test'],
    see: status,
    without: 200,
    with: 401,
  },
  {
    option: 'issuer',
    value: 'other.test',
    variable: ['POMERIUM_ISSUER', 'other.test'],
    see: status,
    without: 200,
    with: 401,
  },
  {
    option: 'keys',
    value: staticKeys(strange),
    variable: ['POMERIUM_JWKS', JSON.stringify(strange)],
    see: status,
    without: 200,
    with: 401,
  },
  {
    option: 'store',
    value: { getItem: readNothing, setItem: () => {} },
    beside: { keys: undefined },
    // Nothing is fetched from this port (Fetch standard, port blocking).
    environment: { POMERIUM_JWKS_URL: 'http://127.0.0.1:9/' },
    see: () => reads.splice(0).length > 0,
    without: false,
    with: true,
  },
  {
    option: 'clockTolerance',
    value: 0,
    variable: ['POMERIUM_CLOCK_TOLERANCE', '0'],
    sent: { headers: { [ASSERTION]: late } },
    see: status,
    without: 200,
    with: 401,
  },
  {
    option: 'maxTokenAge',
    value: 10,
    variable: ['POMERIUM_MAX_TOKEN_AGE', '10'],
    sent: { headers: { [ASSERTION]: old } },
    see: status,
    without: 200,
    with: 401,
  },
  {
    option: 'algorithms',
    value: ['RS256'],
    variable: ['POMERIUM_ALGORITHMS', 'RS256'],
    see: status,
    without: 200,
    with: 401,
  },
  {
    option: 'policy',
    value: compilePolicy(forAdmins),
    variable: ['POMERIUM_POLICY', JSON.stringify(forAdmins)],
    see: status,
    without: 200,
    with: 403,
  },
  {
    option: 'onBehalfOf',
    value: { audience: HOST, keys: loud.keys, callers: compilePolicy({ allow: { or: [{ accept: true }] } }) },
    sent: { headers: { [ASSERTION]: token, [`${ASSERTION}-for`]: contractor } },
    see: ({ behind }) => behind[`${ASSERTION}-for`],
    without: undefined,
    with: contractor,
  },
  {
    option: 'onEvent',
    value: (event: PomeriumEvent) => events.push(event),
    see: () => events.splice(0).map(({ type }) => type),
    without: [],
    with: ['assertion_verified'],
  },
  { option: 'now', value: () => NOW + 1000, see: status, without: 200, with: 401 },
  {
    option: 'rules',
    value: [{ prefix: '/', access: 'public' }],
    variable: ['POMERIUM_RULES', '[{ "prefix": "/", "access": "public" }]'],
    sent: nobody,
    see: status,
    without: 401,
    with: 200,
  },
  {
    option: 'optional',
    value: true,
    variable: ['POMERIUM_OPTIONAL', 'true'],
    sent: nobody,
    see: status,
    without: 401,
    with: 200,
  },
  {
    option: 'allowPreflight',
    value: true,
    variable: ['POMERIUM_ALLOW_PREFLIGHT', 'true'],
    sent: preflight,
    see: status,
    without: 401,
    with: 200,
  },
  {
    option: 'corsOrigins',
    value: ['https://a.test'],
    variable: ['POMERIUM_CORS_ORIGINS', 'https://a.test'],
    sent: { headers: { origin: 'https://a.test' } },
    see: ({ status, answer }) => [status, answer.get('access-control-allow-origin')],
    without: [401, null],
    with: [401, 'https://a.test'],
  },
  {
    option: 'claimHeaders',
    value: ['department'],
    variable: ['POMERIUM_CLAIM_HEADERS', 'department'],
    sent: { headers: { [ASSERTION]: contractor } },
    see: ({ behind }) => [behind['x-pomerium-claim-department'], behind['x-pomerium-claim-email']],
    without: [undefined, undefined],
    with: ['R&D', 'alice@example.com'],
  },
  {
    option: 'removeHeaders',
    value: ['X-Email'],
    variable: ['POMERIUM_REMOVE_HEADERS', 'X-Email'],
    sent: { headers: { [ASSERTION]: token, 'x-email': 'root@evil.test', X_Email: 'root@evil.test' } },
    see: ({ behind }) => Object.keys(behind).sort(),
    without: ['x-email', ASSERTION, 'x_email'],
    with: [ASSERTION],
  },
  {
    option: 'keepAssertion',
    value: false,
    variable: ['POMERIUM_KEEP_ASSERTION', 'false'],
    sent: { headers: { [ASSERTION]: token, authorization: `Bearer ${token}` } },
    see: ({ behind }) => Object.values(behind).filter((value) => value?.includes(token)).length,
    without: 2,
    with: 0,
  },
  {
    option: 'listClaims',
    value: ['roles'],
    variable: ['POMERIUM_LIST_CLAIMS', 'roles'],
    beside: { rules: [{ prefix: '/', access: noContractors }] },
    sent: { headers: { [ASSERTION]: contractor } },
    see: status,
    without: 500,
    with: 403,
  },
  {
    option: 'leaveToPomerium',
    value: ['source_ip'],
    variable: ['POMERIUM_LEAVE_TO_POMERIUM', 'source_ip'],
    beside: { rules: [{ prefix: '/', access: fromOffice }] },
    see: status,
    without: 500,
    with: 200,
  },
  {
    option: 'routes',
    value: forAdminsAlone,
    variable: ['POMERIUM_ROUTES', JSON.stringify(forAdminsAlone)],
    beside: { audience: undefined },
    see: status,
    without: 500,
    with: 403,
  },
  {
    option: 'shared',
    value: true,
    variable: ['POMERIUM_SHARED', 'true'],
    see: ({ answer }) => answer.get('vary'),
    without: ASSERTION,
    with: null,
  },
  {
    option: 'refusalPage',
    value: { texts: { nl: { retry: 'Opnieuw' } } },
    variable: ['POMERIUM_REFUSAL_PAGE', '{"texts":{"nl":{"retry":"Opnieuw"}}}'],
    sent: { headers: { accept: 'text/html' } },
    see: ({ answer }) => answer.get('content-language'),
    without: 'en',
    with: 'nl',
  },
  {
    option: 'onRefused',
    value: () => new Response('mine', { status: 418 }),
    sent: nobody,
    see: status,
    without: 401,
    with: 418,
  },
  {
    option: 'log',
    value: false,
    variable: ['POMERIUM_LOG', 'false'],
    sent: nobody,
    see: (_, lines) => lines.length,
    without: 1,
    with: 0,
  },
  {
    option: 'logSubject',
    value: true,
    variable: ['POMERIUM_LOG_SUBJECT', 'true'],
    see: (_, lines) => lines.map((line) => JSON.parse(String(line)).user),
    without: [],
    with: ['u-alice'],
  },
];

/** Tests of every option, and of the variable that says the same, where `ask` sends a request through a gate. */
export function testEveryOption(ask: (options: MiddlewareOptions<unknown>, sent: Sent) => Promise<Outcome>): void {
  const seen = async ({ beside, environment = {}, sent, see }: OptionCase, more: Partial<Record<string, unknown>>) => {
    const given = Object.entries({ ...loud, ...beside, ...more }).filter(([, value]) => value !== undefined);
    const request = { path: '/x', method: 'GET', headers: { [ASSERTION]: token }, ...sent };
    const { result, lines } = await logOf(() =>
      withProcessEnvironment(environment, () => ask(Object.fromEntries(given), request)),
    );
    return see(result, lines);
  };
  for (const one of CASES) {
    const { option, value, variable } = one;
    test(`the option ${option} is honoured${variable ? `, and so is ${variable[0]}` : ''}`, async () => {
      assert.deepEqual(await seen(one, {}), one.without, 'without it');
      assert.deepEqual(await seen(one, { [option]: value }), one.with, 'as an option');
      if (!variable) return;
      const [name, text] = variable;
      const set = await withProcessEnvironment({ [name]: text }, () => seen(one, { [option]: undefined }));
      assert.deepEqual(set, one.with, 'from the environment');
    });
  }
}

export const TESTED_OPTIONS: readonly string[] = CASES.map(({ option }) => option);
