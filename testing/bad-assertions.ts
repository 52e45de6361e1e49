import { base64url, CompactSign } from 'jose';
import type { PomeriumErrorCode } from '../core/errors.ts';
import { ASSERTION_HEADER } from '../core/gate/headers.ts';
import { type Members, signClaims, signText } from './assertion.ts';
import { toBytes } from './bytes.ts';
import { makeSigningKey, type SigningKey } from './signing-key.ts';

/** A request that must be refused, as an attacker or a mistake would send it. */
export interface BadRequest {
  readonly name: string;
  /** Its header lines, as they are sent: a name may come twice. `new Headers()` and `fetch` take them. */
  readonly headers: [name: string, value: string][];
  /** The codes with which it may be refused. */
  readonly codes: readonly PomeriumErrorCode[];
}

/** What the attacks are made of: an issuer's key and host, and what it would sign for a user now. */
export interface Target {
  readonly key: SigningKey;
  readonly host: string;
  readonly claims: Members;
  readonly now: number;
}

type Row = readonly [name: string, codes: PomeriumErrorCode | readonly PomeriumErrorCode[], assertion: string];

/** Every kind of bad assertion that others were broken with, see docs/security.md. */
export async function badRequests(target: Target): Promise<BadRequest[]> {
  const { key, claims } = target;
  const good = await signClaims(key, claims);
  const lists = await Promise.all([
    badKeys(target),
    badClaims(target),
    badEncodings(target, good),
    badSignatures(target, good),
  ]);
  const single = lists.flat().map(([name, codes, assertion]): BadRequest => {
    const list = typeof codes === 'string' ? [codes] : codes;
    return { name, headers: [[ASSERTION_HEADER, assertion]], codes: list };
  });
  const line = (): [string, string] => [ASSERTION_HEADER, good];
  return [
    { name: 'no assertion', headers: [], codes: ['missing_assertion'] },
    {
      name: 'claim headers alone',
      headers: [['x-pomerium-claim-email', 'root@evil.test']],
      codes: ['missing_assertion'],
    },
    {
      name: 'the assertion under a CGI spelling',
      headers: [['x_pomerium_jwt_assertion', good]],
      codes: ['missing_assertion'],
    },
    {
      name: 'the assertion as a bearer token',
      headers: [['authorization', `Bearer ${good}`]],
      codes: ['missing_assertion'],
    },
    { name: 'the assertion twice', headers: [line(), line()], codes: ['duplicate_assertion'] },
    ...single,
  ];
}

async function badKeys({ key, claims }: Target): Promise<Row[]> {
  const stranger = await makeSigningKey(key.algorithm);
  const { publicJwk } = stranger;
  const withPublicKeyAsSecret = await new CompactSign(toBytes(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'HS256', kid: key.kid, typ: 'JWT' })
    .sign(toBytes(key.spki));
  return [
    ['signed by a stranger', 'unknown_key', await signClaims(stranger, claims)],
    [
      'signed by a stranger under our key id',
      'invalid_signature',
      await signClaims(stranger, claims, { kid: key.kid }),
    ],
    [
      'signed by a key in its own header (jwk)',
      ['unknown_key', 'invalid_signature'],
      await signClaims(stranger, claims, { jwk: publicJwk }),
    ],
    [
      'signed by a key that its header links to (jku)',
      'unknown_key',
      await signClaims(stranger, claims, { jku: 'https://evil.invalid/jwks.json' }),
    ],
    [
      'signed by a certificate that its header links to (x5u)',
      'unknown_key',
      await signClaims(stranger, claims, { x5u: 'https://evil.invalid/cert.pem' }),
    ],
    ['a key id that is a path', 'unknown_key', await signClaims(key, claims, { kid: '../../etc/passwd' })],
    [
      'alg: none',
      'unsupported_algorithm',
      `${base64url.encode('{"alg":"none","typ":"JWT"}')}.${base64url.encode(JSON.stringify(claims))}.`,
    ],
    ['alg: nOnE, signed', 'unsupported_algorithm', await signClaims(key, claims, { alg: 'nOnE' })],
    ['HS256 with the public key as secret', 'unsupported_algorithm', withPublicKeyAsSecret],
    ['ES384', 'unsupported_algorithm', await signClaims(key, claims, { alg: 'ES384' })],
  ];
}

async function badClaims({ key, claims, host, now }: Target): Promise<Row[]> {
  const joseHeader = JSON.stringify({ alg: key.algorithm, kid: key.kid });
  const signed = (changes: Members) => signClaims(key, { ...claims, ...changes });
  return [
    ['expired', 'expired', await signed({ iat: now - 600, exp: now - 300 })],
    ['issued in the future', 'not_yet_valid', await signed({ iat: now + 600, exp: now + 900 })],
    ['not valid before tomorrow', 'not_yet_valid', await signed({ nbf: now + 86_400 })],
    ['without exp', 'invalid_claims', await signed({ exp: undefined })],
    ['with exp as text', 'invalid_claims', await signed({ exp: String(now + 300) })],
    ['for another route', 'audience_mismatch', await signed({ aud: `other.${host}` })],
    ['for a longer host', 'audience_mismatch', await signed({ aud: `${host}.evil.test` })],
    ['without an audience', ['audience_mismatch', 'invalid_claims'], await signed({ aud: undefined })],
    ['from another issuer', 'issuer_mismatch', await signed({ iss: 'evil.test' })],
    [
      'from a list of issuers',
      ['issuer_mismatch', 'invalid_claims'],
      await signed({ iss: [claims['iss'], 'evil.test'] }),
    ],
    ['without an issuer', ['issuer_mismatch', 'invalid_claims'], await signed({ iss: undefined })],
    ['for nobody', 'anonymous', await signed({ sub: '', user: '', email: '' })],
    [
      'claims that are not UTF-8',
      'invalid_claims',
      await signText(key, joseHeader, new Uint8Array([0x7b, 0xff, 0x7d])),
    ],
    [
      'claims after a byte order mark',
      'invalid_claims',
      await signText(key, joseHeader, `\ufeff${JSON.stringify(claims)}`),
    ],
    ['claims that are no object', 'invalid_claims', await signText(key, joseHeader, '[]')],
  ];
}

async function badEncodings({ key, claims }: Target, good: string): Promise<Row[]> {
  const [header = '', payload = '', signature = ''] = good.split('.');
  return [
    ['rubbish', 'malformed_assertion', 'rubbish'],
    ['two segments', 'malformed_assertion', `${header}.${payload}`],
    ['four segments', 'malformed_assertion', `${good}.${signature}`],
    ['padded segments', 'malformed_assertion', `${header}==.${payload}.${signature}`],
    ['white space within', 'malformed_assertion', `${header} .${payload}.${signature}`],
    [
      'a critical extension (crit)',
      'malformed_assertion',
      await signClaims(key, claims, { crit: ['b64'], b64: false }),
    ],
    ['a header that is no object', 'malformed_assertion', `${base64url.encode('"ES256"')}.${payload}.${signature}`],
    ['more than 64 KiB', 'malformed_assertion', await signClaims(key, { ...claims, padding: 'x'.repeat(70_000) })],
  ];
}

function badSignatures({ claims }: Target, good: string): Row[] {
  const [header = '', payload = '', signature = ''] = good.split('.');
  const altered = base64url.encode(JSON.stringify({ ...claims, sub: 'u-root', email: 'root@evil.test' }));
  const size = base64url.decode(signature).length;
  const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  return [
    ['claims altered after signing', 'invalid_signature', `${header}.${altered}.${signature}`],
    ['a signature with a bit flipped', 'invalid_signature', `${header}.${payload}.${flipped}`],
    ['no signature', ['malformed_assertion', 'invalid_signature'], `${header}.${payload}.`],
    ['a signature of zeros', 'invalid_signature', `${header}.${payload}.${base64url.encode(new Uint8Array(size))}`],
    ['a long signature', ['malformed_assertion', 'invalid_signature'], `${good}AAAA`],
    [
      'a signature in DER',
      ['malformed_assertion', 'invalid_signature'],
      `${header}.${payload}.${base64url.encode(inDer(signature))}`,
    ],
    [
      'a short signature',
      ['malformed_assertion', 'invalid_signature'],
      `${header}.${payload}.${signature.slice(0, -4)}`,
    ],
  ];
}

/** R and S as an ASN.1 sequence, as X.509 has it and JWS must not (RFC 7518 section 3.4). Positive, so each with a zero. */
function inDer(signature: string): Uint8Array {
  const bytes = base64url.decode(signature);
  const half = bytes.length / 2;
  const integer = (part: Uint8Array) => [2, half + 1, 0, ...part];
  const body = [...integer(bytes.subarray(0, half)), ...integer(bytes.subarray(half))];
  return new Uint8Array([0x30, body.length, ...body]);
}
