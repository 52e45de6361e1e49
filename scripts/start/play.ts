import { request } from 'node:http';
import type { Scenario } from './scenario.ts';
import type { Received } from './upstream.ts';

/** What became of a scenario. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly status: number;
  /** `valid` when the request was passed on, else the code of the refusal. */
  readonly code: string;
  readonly received: Received | undefined;
  readonly asExpected: boolean;
}

/** Sends the request to its guard, header line by header line. */
export async function play(
  scenario: Scenario,
  url: string,
  takeReceived: () => Received | undefined,
): Promise<Outcome> {
  takeReceived();
  const { status, body } = await get(url, scenario.headers);
  const received = takeReceived();
  const code = received ? 'valid' : codeOf(body);
  const isClean = received === undefined || isCleanly(received, scenario);
  return { scenario, status, code, received, asExpected: scenario.expect.split('|').includes(code) && isClean };
}

const ASSERTION = 'x-pomerium-jwt-assertion';
const CLAIMS = ['email', 'groups', 'name', 'user'];

/** Of Pomerium's headers the upstream sees the assertion that was verified, and what that one says: nothing else. */
function isCleanly({ headers }: Received, scenario: Scenario): boolean {
  const byName = new Map(headers.map(([name, value]) => [name.toLowerCase().replaceAll('_', '-'), value]));
  const names = [...byName.keys()].filter((name) => name.startsWith('x-pomerium') && !name.endsWith('-truncated'));
  const [, sent = ''] = scenario.headers.find(([name]) => name.toLowerCase() === ASSERTION) ?? [];
  const payload = JSON.parse(Buffer.from(sent.split('.')[1] ?? '', 'base64url').toString());
  const says = (claim: string) => byName.get(`x-pomerium-claim-${claim}`) === (payload[claim] ?? '');
  return (
    names.sort().join() === [...CLAIMS.map((claim) => `x-pomerium-claim-${claim}`), ASSERTION].sort().join() &&
    byName.get(ASSERTION) === sent &&
    ['email', 'name'].every(says)
  );
}

function get(url: string, headers: Scenario['headers']): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { host } = new URL(url);
    const outgoing = request(`${url}/whoami?x=1`, { headers: ['Host', host, ...headers.flat()] }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function codeOf(body: string): string {
  try {
    return String(JSON.parse(body).code);
  } catch {
    return 'no problem document';
  }
}
