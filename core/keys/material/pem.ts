import { exportJWK } from 'jose/key/export';
import { importSPKI, importX509 } from 'jose/key/import';
import { configurationError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';

/** A PEM block (RFC 7468) that may hold a public key. What is in it only jose can tell. */
export interface PemBlock {
  readonly label: 'PUBLIC KEY' | 'CERTIFICATE';
  /** The block, word for word, from its BEGIN to its END line. */
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END ([A-Z0-9 ]+)-----/g;

/** The blocks of a text with one or several of them. Throws `invalid_configuration`. */
export function splitPem(text: string): PemBlock[] {
  const blocks = [...text.matchAll(BLOCK)];
  // A block has four of these; any other is of a block that is cut.
  if (text.split('-----').length - 1 !== 4 * blocks.length) {
    throw configurationError('A PEM block of the keys is broken: each needs its BEGIN and its END line.');
  }
  return blocks.map(([block, label = '', base64 = '', end]) => {
    if (label !== end) throw configurationError(`A PEM block begins as ${label} and ends as ${end}.`);
    if (label.includes('PRIVATE KEY')) {
      throw configurationError(
        'The keys hold a private key. A verifier needs the public half only: "openssl pkey -in key.pem -pubout" prints it.',
      );
    }
    if (label !== 'PUBLIC KEY' && label !== 'CERTIFICATE') {
      throw configurationError(
        `A PEM block is a ${label}; write a PUBLIC KEY ("openssl pkey -pubin -pubout") or a CERTIFICATE.`,
      );
    }
    if (!/^[A-Za-z0-9+/=\s]+$/.test(base64)) throw unreadable(label, 'it is not base64');
    return { label, text: block };
  });
}

/** jose wants to be told the algorithm. The last two are never used: their keys are read so that a refusal can name them. */
const ALGORITHMS = ['ES256', 'RS256', 'EdDSA', 'ES384', 'ES512'];

/**
 * The key in a block as a JWK, judged where every JWK is, in `readJwk`. A certificate is an envelope here, as in
 * Pomerium's own example (`-subj /CN=unused`): its dates and names mean nothing. Throws `invalid_configuration`.
 */
export async function readPemBlock({ label, text }: PemBlock): Promise<JsonObject> {
  const importKey = label === 'CERTIFICATE' ? importX509 : importSPKI;
  // workerd takes it for an Ed25519 key. It has one spelling (RFC 8410 section 4), so these are always its first bytes.
  if (text.replace(/\s/g, '').includes('-MCowBQYDK2Vu'))
    throw unreadable(label, 'it is an X25519 key, which cannot sign');
  for (const algorithm of ALGORITHMS) {
    try {
      return { ...(await exportJWK(await importKey(text, algorithm))) };
    } catch {
      // Not a key for this algorithm.
    }
  }
  throw unreadable(label, 'it is neither an EC key on P-256, nor RSA, nor Ed25519, or it is damaged');
}

function unreadable(label: string, why: string): Error {
  return configurationError(`A PEM block (${label}) is not a key that can be read: ${why}.`);
}
