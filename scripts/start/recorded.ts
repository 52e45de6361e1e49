import { readFileSync } from 'node:fs';
import { ROOT } from '../run.ts';
import type { Scenario } from './scenario.ts';

/** An answer of Pomerium's JWKS endpoint. */
export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

interface RecordedCase {
  readonly name: string;
  readonly expect: string;
  readonly host: string;
  readonly validAt: number;
  readonly jwks: string;
  readonly assertion: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly raw: readonly [string, string][];
}

const read = (file: string) => JSON.parse(readFileSync(`${ROOT}test/vectors/${file}.json`, 'utf8'));
const v2026 = read('pomerium-2026');
const v010 = read('pomerium-0.10');
const wire = read('pomerium-wire');

/** Key sets that Pomerium published, by name. */
export const RECORDED_JWKS: Readonly<Record<string, RecordedAnswer>> = {
  ...v2026.jwks,
  ...v010.jwks,
  wire: {
    ...wire.jwks,
    headers: Object.fromEntries(
      wire.jwks.headers.slice(1, 6).map(([name, value]: [string, string]) => [name, [value]]),
    ),
  },
};

const ROUTE = 'app.corp.example.com';
/** The recorded cases that the main job shows, and what it calls them; the tests have all of them. */
const TABLE_CASES: Readonly<Record<string, string>> = {
  user: 'Pomerium 2026: a user with directory groups',
  'issuer-uri-route': 'Pomerium 2026: jwt_issuer_format: uri',
  'unicode-and-escapes': 'Pomerium 2026: a name beyond Latin-1',
  'groups-200': 'Pomerium 2026: a user in 200 groups',
  'rotated-signed-by-new': 'Pomerium 2026: signed after a key rotation',
  'revoked-key': 'Pomerium 2026: signed by a removed key',
  anonymous: 'Pomerium 2026: a public route, nobody signed in',
  'other-route': 'Pomerium 2026: signed for another route',
  'uppercase-host': 'Pomerium 2026: the host in upper case',
  'no-signing-key-published': 'Pomerium 2026: no signing key published',
  p384: 'Pomerium 2026: a P-384 key, so it cannot sign',
  'v0.10-user': 'Pomerium 0.10: a user',
  'v0.10-empty-kid': 'Pomerium 0.10: a key without an id',
};

/** What the wire of a real Pomerium carried, on the route of these names. */
const WIRE_CASES: Readonly<Record<string, string>> = {
  user: 'on the wire: a signed-in user',
  'user-spoofing': 'on the wire: a user who forges headers',
  'host-in-capitals': 'on the wire: the host in upper case',
};

/** Requests with assertions that Pomerium's own code signed, each at the time at which it was valid. */
export function recordedScenarios(): Scenario[] {
  const cases: RecordedCase[] = [...v2026.cases, ...v010.cases];
  return [
    ...cases.filter(({ name }) => Object.hasOwn(TABLE_CASES, name)).map(fromAssertion),
    ...(wire.cases as RecordedCase[]).filter(({ name }) => Object.hasOwn(WIRE_CASES, name)).map(fromWire),
  ];
}

function fromAssertion(recorded: RecordedCase): Scenario {
  const isOld = recorded.name.startsWith('v0.10');
  return {
    name: TABLE_CASES[recorded.name] ?? recorded.name,
    expect: recorded.expect,
    guard: {
      audience: ROUTE,
      jwks: recorded.jwks,
      clock: recorded.validAt,
      ...(isOld && { issuer: 'authenticate.corp.example.com' }),
    },
    headers: [['X-Pomerium-Jwt-Assertion', recorded.assertion], ...flatten(recorded.headers)],
  };
}

function fromWire(recorded: RecordedCase): Scenario {
  return {
    name: WIRE_CASES[recorded.name] ?? recorded.name,
    expect: recorded.expect,
    guard: { audience: recorded.host, jwks: 'wire', clock: recorded.validAt },
    // Host belongs to the connection, and no Content-Length came along.
    headers: recorded.raw.filter(([name]) => name !== 'Host').map(([name, value]) => [name, byteString(value)]),
  };
}

function flatten(headers: RecordedCase['headers']): [string, string][] {
  return Object.entries(headers).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, byteString(value)]),
  );
}

/** Node.js writes a header value one byte a character. */
function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
