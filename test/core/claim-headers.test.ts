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
        else assert.equal(got, value, name);
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

  test('they are those of Pomerium’s usual four claims where no others are asked for', () => {
    for (const names of [undefined, [], {}]) {
      assert.deepEqual(
        [...readClaimHeaders(names)],
        [
          ['x-pomerium-claim-user', 'user'],
          ['x-pomerium-claim-email', 'email'],
          ['x-pomerium-claim-name', 'name'],
          ['x-pomerium-claim-groups', 'groups'],
        ],
      );
    }
  });

  test('names may be given with their claims, in any case, and numbers, booleans and lists are text', async () => {
    const cases: [header: string, claim: string, value: unknown, text: string][] = [
      ['X-Level', 'level', [7, 1.5], '7,1.5'],
      ['x-staff', 'staff', true, 'true'],
      ['x-none', 'nothing', null, ''],
      ['x-gap', 'gap', ['a', null, 'b'], 'a,,b'],
      ['x-empty', 'empty', [], ''],
      ['x-place', 'place', { city: 'Ghent' }, '{"city":"Ghent"}'],
      ['x-places', 'places', [{ city: 'Ghent' }, 1], '{"city":"Ghent"},1'],
    ];
    const identity = await identityWith(Object.fromEntries(cases.map(([, claim, value]) => [claim, value])));
    const headers = written(identity, Object.fromEntries(cases.map(([header, claim]) => [header, claim])));
    for (const [header, , , text] of cases) assert.equal(headers.get(header.toLowerCase()), text, header);
    assert.isFalse(headers.has(TRUNCATED_HEADER));
  });

  test('what every object has is no claim', async () => {
    const identity = await identityWith({});
    for (const claim of ['constructor', 'toString', '__proto__']) {
      assert.equal(written(identity, { 'x-own': claim }).get('x-own'), '', claim);
    }
  });

  test('a header of one’s own may have one of the four names, and then another claim', async () => {
    const headers = written(await identityWith({ upn: 'alice' }), { 'X-Pomerium-Claim-User': 'upn' });
    assert.equal(headers.get('x-pomerium-claim-user'), 'alice');
    assert.lengthOf([...headers], 4);
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

  test('so is one that begins or ends with a space, which a header would lose', async () => {
    for (const [name, groups] of [
      ['admin ', ['admins', 'g1 ']],
      [' admin', [' admins', 'g1']],
    ] as const) {
      const headers = written(await identityWith({ name, groups, email: 'a b', department: ' ' }), ['department']);
      for (const claim of ['name', 'groups', 'department']) assert.equal(headers.get(`x-pomerium-claim-${claim}`), '');
      const truncated = 'x-pomerium-claim-name,x-pomerium-claim-department,x-pomerium-claim-groups';
      assert.equal(headers.get(TRUNCATED_HEADER), truncated);
      assert.equal(headers.get('x-pomerium-claim-email'), 'a b');
    }
    const within = written(await identityWith({ groups: ['a ', ' b'] }));
    assert.equal(within.get('x-pomerium-claim-groups'), 'a , b');
    assert.isFalse(within.has(TRUNCATED_HEADER));
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

  test('groups are what is cut, wherever their headers stand among the others', async () => {
    const groups = Array.from({ length: 5000 }, () => 'g');
    const names = { 'x-first': 'first', 'x-groups': 'groups', 'x-last': 'last' };
    const headers = written(await identityWith({ first: 'f'.repeat(99), groups, last: 'l'.repeat(4500) }), names);
    assert.equal(headers.get('x-first'), 'f'.repeat(99));
    assert.equal(headers.get('x-last'), 'l'.repeat(4500));
    assert.match(headers.get('x-pomerium-claim-groups') ?? '', /^g(,g)+$/);
    assert.equal(headers.get(TRUNCATED_HEADER), 'x-pomerium-claim-groups,x-groups');
  });

  describe('of exactly 8 KiB, names included, all are whole, and of a byte more one is not:', () => {
    const sizeOf = (headers: Map<string, string>) => new TextEncoder().encode([...headers].flat().join('')).length;
    const cases: [name: string, claims: (room: number) => Record<string, unknown>, cut: string][] = [
      ['one text', (room) => ({ name: 'n'.repeat(room), groups: [] }), 'x-pomerium-claim-name'],
      ['one group', (room) => ({ name: '', groups: ['g'.repeat(room)] }), 'x-pomerium-claim-groups'],
      [
        'two groups and their comma',
        (room) => ({ name: '', groups: ['a', 'g'.repeat(room - 2)] }),
        'x-pomerium-claim-groups',
      ],
      [
        'many groups',
        (room) => ({ name: '', groups: ['g'.repeat(room % 4), ...Array(room >> 2).fill('李')] }),
        'x-pomerium-claim-groups',
      ],
    ];
    for (const [name, claims, cut] of cases) {
      test(name, async () => {
        const room = 8192 - sizeOf(written(await identityWith({ name: '', groups: [] })));
        const whole = written(await identityWith(claims(room)));
        assert.isFalse(whole.has(TRUNCATED_HEADER));
        assert.equal(sizeOf(whole), 8192);
        const more = written(await identityWith(claims(room + 1)));
        assert.equal(more.get(TRUNCATED_HEADER), cut);
      });
    }
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

  const shape =
    /^claimHeaders must be a list of claims, or header names with claims; write claimHeaders: \['department'\] or \{ 'x-dept': 'department' \}\.$/;
  const noName = /; write .*\. "x-pomerium-claim-cognito:groups" is no header's name\.$/;
  const ownName = /; write claimHeaders: .* \}\. "x-pomerium-claim-email" is no claim but a header's name\.$/i;
  const wrong: [name: string, names: unknown, message: RegExp][] = [
    ['a text', 'department', shape],
    ['a map that is no plain object', new Map([['x-department', 'department']]), shape],
    ['a claim that no header can be named after', ['cognito:groups'], noName],
    ['a header name with a line break', { 'x\r\ny': 'a' }, /\. "x\\r\\ny" is no header's name\.$/],
    ['a claim that is no text', [1], /\. 1 is no claim\.$/],
    ['a claim that is no text, for a name of one’s own', { 'x-email': true }, /\. true is no claim\.$/],
    ['an empty claim', [''], /\. "" is no claim\.$/],
    ['an empty claim, for a name of one’s own', { 'x-email': '' }, /\. "" is no claim\.$/],
    ['a claim that is named as its header', ['x-pomerium-claim-email'], ownName],
    ['a claim that is named as its header, in another case', ['X-Pomerium-Claim-Email'], ownName],
    ['a claim that is named as its header, for a name of one’s own', { 'x-email': 'x-pomerium-claim-email' }, ownName],
  ];
  for (const [name, names, message] of wrong) {
    test(`${name} is refused when it is built`, () => {
      assertMisconfigured(() => readClaimHeaders(names as ClaimHeaderNames), message);
    });
  }

  test('a claim whose name only holds that of a header is taken', () => {
    assert.equal(readClaimHeaders({ 'x-own': 'my-x-pomerium-claim-x' }).get('x-own'), 'my-x-pomerium-claim-x');
  });

  test('a mistake in a variable is told by its name, and as a variable is written', () => {
    assertMisconfigured(
      () => readClaimHeaders([''], 'POMERIUM_CLAIM_HEADERS'),
      /^POMERIUM_CLAIM_HEADERS must be .*; write POMERIUM_CLAIM_HEADERS=department,x-dept=department\. "" is no claim\.$/,
    );
    assertMisconfigured(
      () => readClaimHeaders(['x-pomerium-claim-email'], 'POMERIUM_CLAIM_HEADERS'),
      /^POMERIUM_CLAIM_HEADERS must be .* "x-pomerium-claim-email" is no claim but a header's name\.$/,
    );
  });
});
