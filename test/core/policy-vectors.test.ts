import { assert, describe, test } from 'vitest';
import { compilePolicy, createVerifier, PomeriumError, staticKeys } from '../../core/index.ts';
import { assertMisconfigured } from '../support/verifying.ts';
import ppl from '../vectors/ppl.json' with { type: 'json' };

interface RecordedPolicy {
  policy: unknown;
  decisions?: string;
  invalid?: string;
}

const options = {
  audience: ppl.host,
  keys: staticKeys(ppl.jwks.body),
  now: () => ppl.validAt,
  allowAnonymous: true,
};
const { listClaims } = ppl;
const policies = ppl.policies as RecordedPolicy[];
const accepted = policies.filter(({ decisions }) => decisions !== undefined);
const refused = policies.filter(({ invalid }) => invalid !== undefined);

/** Pomerium's own decisions, one digit each: to be equal as a whole. */
async function decisionsOf(
  allowed: (identity: number, request: number) => Promise<boolean> | boolean,
): Promise<string> {
  let digits = '';
  for (let identity = 0; identity < ppl.identities.length; identity++) {
    for (let request = 0; request < ppl.requests.length; request++) {
      digits += (await allowed(identity, request)) ? '1' : '0';
    }
  }
  return digits;
}

const requestAt = (index: number) => {
  const { method = 'GET', path = '/', headers = {} } = ppl.requests[index] ?? {};
  return { method, path, headers: headers as Record<string, string> };
};

describe('the same answer as Pomerium', () => {
  test('98,208 decisions and 18 refusals are compared', () => {
    assert.equal(
      accepted.reduce((sum, { decisions = '' }) => sum + decisions.length, 0),
      98_208,
    );
    assert.equal(refused.length, 18);
  });

  test('through decide, on the verified identities; explain says the same', async () => {
    const verifier = createVerifier(options);
    const identities = await Promise.all(ppl.identities.map(({ assertion }) => verifier.verify(assertion)));
    for (const { policy, decisions } of accepted) {
      const compiled = compilePolicy(policy, { listClaims });
      const digits = await decisionsOf((i, r) => {
        const identity = identities[i];
        if (!identity) throw new Error('no such identity');
        const input = { identity, ...requestAt(r) };
        const { rules, ...explained } = compiled.explain(input);
        assert.deepEqual(explained, { ...compiled.decide(input) });
        assert.equal(
          rules.some(({ action, holds }) => action === 'deny' && holds),
          explained.deny,
        );
        return compiled.decide(input).allowed;
      });
      assert.equal(digits, decisions, JSON.stringify(policy));
    }
  });

  test('end to end: the assertion and the request in, an identity or policy_denied out', async () => {
    for (const { policy, decisions } of accepted) {
      const verifier = createVerifier({ ...options, policy: compilePolicy(policy, { listClaims }) });
      const digits = await decisionsOf(async (i, r) => {
        const { method, path, headers } = requestAt(r);
        const assertion = ppl.identities[i]?.assertion ?? '';
        const request = {
          method,
          url: `https://app.corp.example.com${path}?q=/admin`,
          headers: { ...headers, 'x-pomerium-jwt-assertion': assertion },
        };
        try {
          await verifier.verifyRequest(request);
          return true;
        } catch (error) {
          if (error instanceof PomeriumError && error.code === 'policy_denied') return false;
          throw error;
        }
      });
      assert.equal(digits, decisions, JSON.stringify(policy));
    }
  });

  for (const [i, { policy, invalid }] of refused.entries()) {
    test(`refuses what Pomerium refuses to load (${i}): ${invalid}`, () => {
      assertMisconfigured(() => compilePolicy(policy, { listClaims }), /./);
    });
  }
});
