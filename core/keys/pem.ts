import { sentence } from '#sentences';
import { bytesOf, encodeBytes } from '../base64url.ts';
import { configurationError } from '../errors.ts';
import { toHex } from '../hex.ts';
import type { JsonObject } from '../json.ts';
import { type DerElement, readChildren, readElement } from './der.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END ([A-Z0-9 ]+)-----/g;

/** Every key in one or several PEM blocks, as JWKs: `PUBLIC KEY` (SPKI) and `CERTIFICATE` (X.509, for its key only). */
export function readPem(text: string): JsonObject[] {
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.length === 0 || text.replace(BLOCK, '').includes('-----')) {
    throw configurationError(
      'PEM',
      sentence('A PEM block of the keys is broken: each needs its BEGIN and its END line.'),
    );
  }
  return blocks.map(([, begin, base64, end]) => {
    if (begin !== end) throw configurationError('PEM', sentence(`A PEM block begins as ${begin} and ends as ${end}.`));
    return readBlock(begin ?? '', base64 ?? '');
  });
}

function readBlock(label: string, base64: string): JsonObject {
  if (label.includes('PRIVATE KEY')) {
    throw configurationError(
      'PEM',
      sentence(
        'The keys hold a private key. A verifier needs the public half only: "openssl pkey -in key.pem -pubout" prints it.',
      ),
    );
  }
  if (label !== 'PUBLIC KEY' && label !== 'CERTIFICATE') {
    throw configurationError(
      'PEM',
      sentence(`A PEM block is a ${label}; write a PUBLIC KEY ("openssl pkey -pubin -pubout") or a CERTIFICATE.`),
    );
  }
  try {
    const outer = readElement(bytesOf(atob(base64.replace(/\s+/g, ''))), 0);
    return spkiToJwk(label === 'CERTIFICATE' ? spkiOfCertificate(outer) : outer);
  } catch (error) {
    throw configurationError(
      'PEM',
      sentence(
        `A PEM block (${label}) is not a key that can be read: ${error instanceof Error ? error.message : error}`,
      ),
    );
  }
}

/**
 * RFC 5280 section 4.1: the TBSCertificate holds [version] serial signature issuer validity subject SPKI.
 * The certificate is an envelope here, as in Pomerium's own example (`-subj /CN=unused`): dates and names mean nothing.
 */
function spkiOfCertificate(certificate: DerElement): DerElement {
  const [tbs] = readChildren(certificate);
  const fields = tbs ? readChildren(tbs) : [];
  const spki = fields[fields[0]?.tag === 0xa0 ? 6 : 5];
  if (!spki) throw new TypeError(sentence('it is not an X.509 certificate'));
  return spki;
}

const OID = {
  ecPublicKey: '2a8648ce3d0201',
  rsaEncryption: '2a864886f70d010101',
  ed25519: '2b6570',
} as const;

/** RFC 5480 section 2.1.1.1. Curves that we do not use are named all the same, so that the refusal can say which it is. */
const CURVES: Readonly<Record<string, string>> = {
  '2a8648ce3d030107': 'P-256',
  '2b81040022': 'P-384',
  '2b81040023': 'P-521',
  '2b8104000a': 'secp256k1',
};

/** SubjectPublicKeyInfo (RFC 5280 section 4.1) as a JWK. The values are judged where every JWK is, in `readJwk`. */
function spkiToJwk(spki: DerElement): JsonObject {
  const [algorithm, bitString] = readChildren(spki);
  if (!algorithm || bitString?.tag !== 0x03 || bitString.content[0] !== 0) {
    throw new TypeError(sentence('it is not a SubjectPublicKeyInfo'));
  }
  const key = bitString.content.subarray(1);
  const [oid, parameters] = readChildren(algorithm);
  switch (oid && toHex(oid.content)) {
    case OID.ecPublicKey:
      return ecJwk(key, CURVES[parameters ? toHex(parameters.content) : ''] ?? 'unknown');
    case OID.rsaEncryption:
      return rsaJwk(key);
    case OID.ed25519:
      return { kty: 'OKP', crv: 'Ed25519', x: encodeBytes(key) };
    default:
      throw new TypeError(sentence('its algorithm is neither EC, RSA nor Ed25519'));
  }
}

/** SEC 1 section 2.3.3: 04 || x || y. */
function ecJwk(point: Uint8Array, crv: string): JsonObject {
  if (point[0] !== 4) throw new TypeError(sentence('its point is compressed: write it with "-conv_form uncompressed"'));
  const size = (point.length - 1) / 2;
  return { kty: 'EC', crv, x: encodeBytes(point.subarray(1, 1 + size)), y: encodeBytes(point.subarray(1 + size)) };
}

/** RFC 8017 appendix A.1.1. DER integers are signed, so a leading zero byte may stand before the number. */
function rsaJwk(key: Uint8Array): JsonObject {
  const [n, e] = readChildren(readElement(key, 0)).map(({ content }) => content.subarray(content[0] === 0 ? 1 : 0));
  if (!n || !e) throw new TypeError(sentence('it is not an RSA public key'));
  return { kty: 'RSA', n: encodeBytes(n), e: encodeBytes(e) };
}
