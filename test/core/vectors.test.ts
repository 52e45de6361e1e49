import { assert, describe, test } from 'vitest';
import {
  compilePolicy,
  createVerifier,
  type KeySource,
  type PomeriumEvent,
  remoteKeys,
  staticKeys,
  type VerifierOptions,
} from '../../core/index.ts';
import { jwksAnswer, Origin, type Step } from '../support/origin.ts';
import { codeOf } from '../support/verifying.ts';
import v010 from '../vectors/pomerium-0.10.json' with { type: 'json' };
import v2026 from '../vectors/pomerium-2026.json' with { type: 'json' };
import wire from '../vectors/pomerium-wire.json' with { type: 'json' };

const ROUTE = 'app.corp.example.com';

interface RecordedAnswer {
  status: number;
  headers: Record<string, string[]>;
  body: string;
}

/** A recorded answer of Pomerium's JWKS endpoint, given again over loopback. */
function replay({ status, headers, body }: RecordedAnswer): Step {
  const kept = Object.entries(headers).filter(([name]) => name !== 'Content-Length');
  return { status, body, headers: Object.fromEntries(kept.map(([name, values]) => [name, values.join(', ')])) };
}

interface RecordedCase {
  name: string;
  assertion: string;
  host: string;
  jwks: string;
  validAt: number;
  expect: string;
  claims: Record<string, unknown> | null;
  headers: Record<string, string[]>;
}

/** Through `verify` and through `verifyRequest`, with all the headers that came along. */
async function assertVerdict(
  recorded: RecordedCase,
  keys: KeySource,
  options: Partial<VerifierOptions>,
): Promise<void> {
  // A case about another host that expects `valid` is configured for that host.
  const audience = recorded.expect === 'valid' ? recorded.host : ROUTE;
  const verifier = createVerifier({
    audience,
    keys,
    algorithms: ['ES256', 'RS256'],
    now: () => recorded.validAt,
    ...options,
  });
  const headers = Object.entries({ ...recorded.headers, 'X-Pomerium-Jwt-Assertion': [recorded.assertion] });
  const ways = {
    verify: () => verifier.verify(recorded.assertion),
    verifyRequest: () => verifier.verifyRequest({ headers: Object.fromEntries(headers) }),
  };
  for (const [way, run] of Object.entries(ways)) {
    const code = await codeOf(run);
    assert.include(recorded.expect.split('|'), code, way);
    if (code === 'valid') assert.deepEqual((await run()).claims, recorded.claims, way);
  }
}

const files: [string, { jwks: object; publicKeysPem: object; cases: unknown[] }, Partial<VerifierOptions>][] = [
  ['Pomerium of August 2026', v2026, {}],
  ['Pomerium v0.10.0', v010, { issuer: 'authenticate.corp.example.com' }],
];

for (const [era, file, options] of files) {
  const answers = file.jwks as Record<string, RecordedAnswer>;
  const pems = file.publicKeysPem as Record<string, string>;
  describe(`real input: ${era}`, () => {
    for (const recorded of file.cases as RecordedCase[]) {
      const answer = answers[recorded.jwks];
      const pem = pems[recorded.jwks];
      if (answer) {
        test(`${recorded.name}: ${recorded.expect}, with the recorded JWKS answer over loopback`, async () => {
          const origin = await Origin.start(replay(answer));
          await assertVerdict(recorded, remoteKeys(origin.url), options);
        });
      }
      if (pem) {
        test(`${recorded.name}: ${recorded.expect}, with the public key as PEM`, async () => {
          await assertVerdict(recorded, staticKeys(pem), options);
        });
      }
    }
  });
}

describe('real input: requests as they came over the wire', () => {
  /** A Fetch `Headers` takes a value as a byte string, one character a byte. */
  const byteString = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));

  for (const recorded of wire.cases) {
    const raw = recorded.raw as [string, string][];
    const shapes = {
      'header lines': { headers: raw },
      'a Request': new Request('https://edge.example/', {
        headers: raw.map(([name, value]): [string, string] => [name, byteString(value)]),
      }),
    };
    for (const [shape, request] of Object.entries(shapes)) {
      test(`${recorded.name}: ${recorded.expect}, from ${shape}`, async () => {
        const origin = await Origin.start(
          jwksAnswer(wire.jwks.body, Object.fromEntries(wire.jwks.headers.slice(1, 2))),
        );
        const verifier = createVerifier({
          audience: recorded.host,
          keys: remoteKeys(origin.url),
          now: () => recorded.validAt,
        });
        const code = await codeOf(() => verifier.verifyRequest(request));
        assert.include(recorded.expect.split('|'), code);
      });
    }
  }

  test('host-in-capitals: the operator is told that only the case differs', async () => {
    const recorded = wire.cases.find(({ name }) => name === 'host-in-capitals');
    const verifier = createVerifier({
      audience: 'app.corp.localhost',
      keys: staticKeys(wire.jwks.body),
      now: () => recorded?.validAt ?? 0,
    });
    const message = await verifier.verifyRequest({ headers: recorded?.raw as [string, string][] }).catch(String);
    assert.include(message, 'only upper and lower case differ');
  });
});

describe('real input: chains of services, as they came over the wire', () => {
  const chains = wire.cases.filter((recorded) => 'onBehalfOf' in recorded);
  const callers = compilePolicy({ allow: { or: [{ user: 'user-1' }] } });

  test('both recorded chains are verified', () => {
    assert.lengthOf(chains, 2);
  });

  for (const recorded of chains) {
    const { host = '', expect = '' } = recorded.onBehalfOf ?? {};
    test(`${recorded.name}: the original user's assertion is ${expect}`, async () => {
      const origin = await Origin.start(jwksAnswer(wire.jwks.body));
      const events: PomeriumEvent[] = [];
      const verifier = createVerifier({
        audience: recorded.host,
        keys: remoteKeys(origin.url),
        now: () => recorded.validAt,
        onBehalfOf: { audience: host, keys: remoteKeys(origin.url), callers },
        onEvent: (event) => events.push(event),
      });
      const request = { headers: recorded.raw as [string, string][] };
      assert.equal(await codeOf(() => verifier.verifyRequest(request)), expect as never);
      if (expect === 'valid') {
        const { onBehalfOf } = await verifier.verifyRequest(request);
        assert.deepEqual(onBehalfOf?.audience, [host]);
        assert.equal(onBehalfOf?.subject, 'user-1');
      } else {
        assert.deepInclude(events.at(-1), { subject: 'on-behalf-of' });
      }
    });
  }
});
