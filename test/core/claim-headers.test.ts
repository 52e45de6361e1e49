import { assert, describe, test } from 'vitest';
import { TRUNCATED_HEADER } from '../../core/adapter.ts';
import {
  type ClaimHeaderNames,
  cleanHeaders,
  createVerifier,
  type Identity,
  readClaimHeaders,
  setClaimHeaders,
  staticKeys,
} from '../../core/index.ts';
import { HEADERS_TAKE_TEXT } from '../../core/runtime.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../support/issuer.ts';
import { assertMisconfigured } from '../support/verifying.ts';
import v2026 from '../vectors/pomerium-2026.json' with { type: 'json' };

const key = await makeKey();
const verifier = createVerifier({ audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW });
const identityWith = async (claims: Record<string, unknown>) => verifier.verify(await sign(key, claims));

/** What goes over the wire, as text: elsewhere than on workerd, `Headers` hold bytes, one a character. */
function written(identity: Identity, names: ClaimHeaderNames = []): Map<string, string> {
  const headers = new Headers();
  setClaimHeaders(headers, identity, readClaimHeaders(names));
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const text = (value: string) =>
    HEADERS_TAKE_TEXT ? value : utf8.decode(Uint8Array.from(value, (character) => character.charCodeAt(0)));
  return new Map([...headers].map(([name, value]) => [name, text(value)]));
}

describe('claim headers are what Pomerium writes', () => {
  const cases = v2026.cases as unknown as {
    name: string;
    host: string;
    jwks: string;
    validAt: number;
    expect: string;
    assertion: string;
    headers: Record<string, string[]>;
  }[];
  for (const recorded of cases.filter(({ expect }) => expect === 'valid')) {
    test(recorded.name, async () => {
      const identity = await createVerifier({
        audience: recorded.host,
        algorithms: ['ES256', 'RS256'],
        keys: staticKeys((v2026.jwks as Record<string, { body: string }>)[recorded.jwks]?.body ?? ''),
        now: () => recorded.validAt,
      }).verify(recorded.assertion);
      const theirs = Object.entries(recorded.headers).filter(([name]) => name.startsWith('X-Pomerium-Claim-'));
      const claims = theirs.map(([name]) => name.replace('X-Pomerium-Claim-', '').toLowerCase());
      const ours = written(identity, claims);
      const isCut = ours.has(TRUNCATED_HEADER);
      for (const [name, [value = '']] of theirs) {
        const got = ours.get(name.toLowerCase());
        if (isCut && name === 'X-Pomerium-Claim-Groups') assert.isTrue(value.startsWith(`${got},`), name);
        // A header's value begins and ends without white space (RFC 9110 section 5.5).
        else assert.equal(got, value.trim(), name);
      }
    });
  }

  test('a claim that the assertion lacks is an empty header, and an old assertion’s user is its subject', async () => {
    const headers = written(await identityWith({ user: undefined, email: undefined, name: undefined }), ['absent']);
    assert.deepEqual(Object.fromEntries(headers), {
      'x-pomerium-claim-absent': '',
      'x-pomerium-claim-email': '',
      'x-pomerium-claim-groups': 'g1,engineering',
      'x-pomerium-claim-name': '',
      'x-pomerium-claim-user': 'u-alice',
    });
  });

  test('names may be given with their claims, in any case, and numbers, booleans and lists are text', async () => {
    const identity = await identityWith({ level: [7, 1.5], staff: true, nothing: null, constructor: 'own' });
    const headers = written(identity, {
      'X-Level': 'level',
      'x-staff': 'staff',
      'x-none': 'nothing',
      'x-own': 'toString',
    });
    assert.deepEqual(
      ['x-level', 'x-staff', 'x-none', 'x-own'].map((name) => headers.get(name)),
      ['7,1.5', 'true', '', ''],
    );
  });

  test('a claim with a control character is left out whole and named, never altered into another value', async () => {
    for (const name of ['a\r\nx-admin: 1', 'u-admin\u0007', 'a\tb', '\0', 'x\u007f', 'x\u0085y']) {
      const headers = written(await identityWith({ name, groups: ['admins', 'g\n1'] }));
      assert.equal(headers.get('x-pomerium-claim-name'), '');
      assert.equal(headers.get('x-pomerium-claim-groups'), '');
      assert.equal(headers.get(TRUNCATED_HEADER), 'x-pomerium-claim-name,x-pomerium-claim-groups');
      assert.equal(headers.get('x-pomerium-claim-user'), 'u-alice');
    }
  });

  test('together they take 8 KiB at most: groups end early, and a header says which are not whole', async () => {
    const groups = Array.from({ length: 700 }, (_, i) => `group-${i}-李`);
    const headers = written(await identityWith({ groups }));
    const kept = headers.get('x-pomerium-claim-groups')?.split(',') ?? [];
    assert.isAbove(kept.length, 300);
    assert.deepEqual(kept, groups.slice(0, kept.length), 'whole groups only');
    assert.isAtMost(new TextEncoder().encode([...headers].join('')).length, 8192 + 100);
    assert.equal(headers.get(TRUNCATED_HEADER), 'x-pomerium-claim-groups');
    assert.equal(headers.get('x-pomerium-claim-email'), 'alice@example.com');
  });

  test('a single value that is too long is left out whole, and the others stay', async () => {
    const headers = written(await identityWith({ name: 'n'.repeat(9000) }));
    assert.equal(headers.get('x-pomerium-claim-name'), '');
    assert.equal(headers.get('x-pomerium-claim-groups'), 'g1,engineering');
    assert.equal(headers.get(TRUNCATED_HEADER), 'x-pomerium-claim-name');
  });

  test('what says that something was cut cannot come from a client', () => {
    const headers = new Headers({ [TRUNCATED_HEADER]: 'none', x_pomerium_edge_truncated: 'none' });
    assert.deepEqual([...cleanHeaders(headers)], []);
  });

  for (const [name, names] of [
    ['a claim that no header can be named after', ['a b']],
    ['a header name with a line break', { 'x\r\ny': 'a' }],
    ['a claim that is no text', [1]],
    ['a claim that is named as its header', ['x-pomerium-claim-email']],
    ['a claim that is named as its header, for a name of one’s own', { 'x-email': 'x-pomerium-claim-email' }],
  ] as const) {
    test(`${name} is refused when it is built`, () => {
      assertMisconfigured(() => readClaimHeaders(names as ClaimHeaderNames), /claimHeaders/);
    });
  }
});
