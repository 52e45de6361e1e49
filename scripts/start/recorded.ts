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
  readonly about: string;
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
/** The names of the recorded cases that the main job shows; the tests have all of them. */
const TABLE_CASES = [
  'user',
  'issuer-uri-route',
  'unicode-and-escapes',
  'groups-200',
  'rotated-signed-by-new',
  'revoked-key',
  'anonymous',
  'other-route',
  'uppercase-host',
  'no-signing-key-published',
  'p384',
  'v0.10-user',
  'v0.10-empty-kid',
];

/** Requests with assertions that Pomerium's own code signed, each at the time at which it was valid. */
export function recordedScenarios(): Scenario[] {
  const cases: RecordedCase[] = [...v2026.cases, ...v010.cases];
  return [
    ...cases.filter(({ name }) => TABLE_CASES.includes(name)).map(fromAssertion),
    ...(wire.cases as RecordedCase[]).filter(({ host }) => host === 'app.corp.localhost').map(fromWire),
  ];
}

function fromAssertion(recorded: RecordedCase): Scenario {
  const isOld = recorded.name.startsWith('v0.10');
  return {
    name: `${isOld ? 'Pomerium 0.10' : 'Pomerium 2026'}: ${recorded.about}`,
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
    name: `on the wire: ${recorded.about}`,
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
