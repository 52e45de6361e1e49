import { assert, describe, test } from 'vitest';
import { GATE_VARIABLES, type GateOptions } from '../../core/adapter.ts';
import { PomeriumError, type PomeriumEvent, staticKeys } from '../../core/index.ts';
import { type ConsoleLine, withConsoleLines } from './console-lines.ts';
import { key, SENDERS } from './gate.ts';
import { GATE_CASES, type GateCase, PREFLIGHT, PUBLIC_PATH, ROUTES, RULES } from './gate-cases.ts';
import { HOST, jwks, NOW } from './issuer.ts';

/** What became of a request that was sent through an adapter. */
export interface Sent {
  readonly response: Response;
  /** The headers that the code behind saw; undefined where it never ran. */
  readonly received: Headers | undefined;
  /** Whom it took the request to be from. */
  readonly who: string | undefined;
}

/** Sends a request through an adapter with these options and this environment, to code that answers `in`. */
export type Send = (request: Request, options: GateOptions<Request>, env: Record<string, string>) => Promise<Sent>;

const POMERIUM_JWKS = JSON.stringify(jwks(key));
const base = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS };
const keys = staticKeys(jwks(key));

/** Routes say what the audience is. */
const hasRoutes = ({ options }: GateCase) => options?.routes !== undefined;

async function sendCase(send: Send, one: GateCase, options: GateOptions<Request>, env: Record<string, string>) {
  const { headers = {}, path = '/', method = 'GET' } = one;
  const request = new Request(`https://${HOST}${path}`, { method, headers });
  return withConsoleLines(() => send(request, { now: () => NOW, ...options }, env));
}

async function answerOf({ response, who }: Sent): Promise<string> {
  const text = await response.text();
  if (who !== undefined) return who;
  if (!text.startsWith('{')) return text.slice(0, '<!doctype html>'.length);
  return (JSON.parse(text) as { code: string }).code;
}

function assertLines(lines: readonly ConsoleLine[], expected: readonly Record<string, unknown>[]) {
  assert.lengthOf(lines, expected.length, JSON.stringify(lines));
  for (const [i, members] of expected.entries()) {
    const { line } = lines[i] ?? {};
    if (Object.keys(members).length > 0) assert.deepInclude(JSON.parse(String(line)), members);
  }
}

async function assertCase(send: Send, one: GateCase, options: GateOptions<Request>, env: Record<string, string>) {
  const { result, lines } = await sendCase(send, one, options, env);
  assert.equal(await answerOf(result), one.answer);
  const isIn = result.who !== undefined;
  assert.equal(result.response.status, one.status ?? (isIn ? 200 : 401));
  assert.equal(result.received !== undefined, isIn, 'nothing reaches the code behind a refusal');
  for (const [name, value] of Object.entries(one.received ?? {})) assert.equal(result.received?.get(name), value, name);
  for (const [name, value] of Object.entries(one.answered ?? {})) {
    assert.equal(result.response.headers.get(name), value, name);
  }
  if (one.lines) assertLines(lines, one.lines);
}

/**
 * Holds an adapter to all the cases. `without`: options that its platform cannot have, or that a test of its own holds.
 * `throwsEarly`: what cannot work is thrown before there is a request.
 */
export function testGateCases(
  adapter: string,
  send: Send,
  { without = [], throwsEarly = false }: { without?: readonly string[]; throwsEarly?: boolean } = {},
): void {
  describe(`${adapter}, configured by code:`, () => {
    for (const one of GATE_CASES) {
      const audience = hasRoutes(one) ? {} : { audience: HOST };
      test(one.name, () => assertCase(send, one, { ...audience, keys, ...one.options }, {}));
    }
  });

  describe(`${adapter}, configured by the environment:`, () => {
    for (const one of GATE_CASES.filter(({ options, variables }) => variables || !options)) {
      test(one.name, () =>
        assertCase(send, one, {}, { ...(hasRoutes(one) ? { POMERIUM_JWKS } : base), ...one.variables }),
      );
    }
  });

  test(`${adapter}: every option of a gate is in these cases`, () => {
    const covered = GATE_CASES.flatMap(({ option = '' }) => option).filter((option) => option in GATE_VARIABLES);
    assert.sameMembers([...covered, ...without], Object.keys(GATE_VARIABLES));
  });

  test(`${adapter}: onEvent is told beside the log, and of what the log leaves out`, async () => {
    const events: PomeriumEvent[] = [];
    const options = { onEvent: (event: PomeriumEvent) => events.push(event) };
    const passed = await sendCase(send, { name: '', headers: SENDERS.alice, answer: '' }, options, base);
    const refused = await sendCase(send, { name: '', answer: '' }, options, base);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['assertion_verified', 'assertion_refused'],
    );
    assert.lengthOf([...passed.lines, ...refused.lines], 1);
  });

  const broken: [name: string, options: object, env: Record<string, string>, message: RegExp][] = [
    [
      'a variable that is misspelt',
      {},
      { POMERIUM_POLICYY: '{}' },
      /There is no variable POMERIUM_POLICYY; write POMERIUM_POLICY/,
    ],
    [
      'a variable that is of another place',
      {},
      { POMERIUM_ALLOW_BEARER: 'false' },
      /POMERIUM_ALLOW_BEARER is set and cannot be honoured here/,
    ],
    ['rules that are set and empty', {}, { POMERIUM_RULES: '' }, /POMERIUM_RULES is set and empty/],
    ['an option that is misspelt', { rulse: [] }, {}, /There is no option "rulse"; there are audience, .*\bonRefused/],
    ['allowAnonymous', { allowAnonymous: true }, {}, /allowAnonymous cannot be had here: write optional: true/],
    [
      'routes beside an audience',
      { rules: undefined, allowPreflight: false },
      { POMERIUM_ROUTES: JSON.stringify(ROUTES) },
      /routes and POMERIUM_AUDIENCE exclude each other/,
    ],
    [
      'routes beside rules',
      {},
      { POMERIUM_ROUTES: JSON.stringify(ROUTES) },
      /routes and rules exclude each other: .*; leave rules out/,
    ],
    [
      'routes that are set and empty',
      { rules: undefined, allowPreflight: false },
      { POMERIUM_ROUTES: '' },
      /POMERIUM_ROUTES is set and empty/,
    ],
    ['a criterion that there is not', { leaveToPomerium: ['source_ipp'] }, {}, /"source_ipp", which is no criterion/],
    ['optional beside rules', { optional: true }, {}, /optional and rules exclude each other/],
    ['an option of a wrong type', { keepAssertion: 'false' }, {}, /keepAssertion must be true or false; it is "false"/],
  ];
  for (const [name, options, env, message] of broken) {
    if (throwsEarly) {
      test(`${adapter} is not made, and says why: ${name}`, async () => {
        const given = { rules: RULES, allowPreflight: true, ...options };
        const error = await sendCase(send, { name: '', answer: '' }, given, { ...base, ...env }).then(
          () => undefined,
          (thrown) => thrown,
        );
        assert.instanceOf(error, PomeriumError);
        assert.equal(error.code, 'invalid_configuration');
        assert.match(error.message, message);
      });
      continue;
    }
    for (const [what, one] of [
      ['a request of Alice', { headers: SENDERS.alice }],
      ['a public path', { path: PUBLIC_PATH }],
      ['a preflight', { method: 'OPTIONS', headers: PREFLIGHT }],
    ] as const) {
      test(`${adapter} refuses ${what} with a 500 and says why in the log: ${name}`, async () => {
        const given = { rules: RULES, allowPreflight: true, ...options };
        const { result, lines } = await sendCase(send, { name: '', answer: '', ...one }, given, { ...base, ...env });
        assert.isUndefined(result.received);
        assert.equal(result.response.status, 500);
        assert.equal(await answerOf(result), 'invalid_configuration');
        assertLines(lines, [{ type: 'invalid_configuration' }]);
        assert.match(JSON.parse(String(lines[0]?.line)).message, message);
      });
    }
  }
}
