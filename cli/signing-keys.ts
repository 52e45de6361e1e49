import 'reflect-metadata';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { exportPKCS8, importSPKI } from 'jose';
import { readSigningKey, type SigningKey } from '../testing/signing-key.ts';
import { UsageError } from './output.ts';

/** The private keys in a PEM, one after the other, as Pomerium reads them; or in base64 of one, as `SIGNING_KEY` has it. */
export async function readSigningKeys(text: string, where: string): Promise<SigningKey[]> {
  const pem = text.includes('-----') ? text : Buffer.from(text, 'base64').toString();
  const blocks = pem.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----/gs) ?? [];
  if (blocks.length === 0) throw new UsageError(`${where} holds no private key in PEM, nor base64 of one.`);
  return Promise.all(blocks.map((block) => readBlock(block, where)));
}

/** By Node.js: jose takes PKCS #8 alone, and `openssl ecparam -genkey` writes SEC 1, `openssl genrsa -traditional` PKCS #1. */
async function readBlock(block: string, where: string): Promise<SigningKey> {
  let key: KeyObject;
  try {
    key = createPrivateKey(block);
  } catch {
    throw new UsageError(`${where} holds a private key that cannot be read.`);
  }
  return readSigningKey(await exportPKCS8(key), algorithmOf(key, where));
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, where: string): 'ES256' | 'RS256' {
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  if (asymmetricKeyType === 'rsa') return 'RS256';
  const curve = asymmetricKeyDetails?.namedCurve;
  throw new UsageError(
    `${where} holds a key that Pomerium cannot sign with${curve ? ` (${curve})` : ''}: it takes EC P-256 and RSA.`,
  );
}

const DAY = 86_400_000;

/** A self-signed X.509 certificate of the public key, as the old guide made it (`openssl req -x509`). */
export async function certificateOf({ algorithm, spki, privateKey }: SigningKey, now: Date): Promise<string> {
  const { X509CertificateGenerator } = await import('@peculiar/x509');
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Pomerium signing key',
    keys: { privateKey, publicKey: await importSPKI(spki, algorithm, { extractable: true }) },
    signingAlgorithm: algorithm === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'RSASSA-PKCS1-v1_5' },
    notBefore: now,
    notAfter: new Date(now.getTime() + 365 * DAY),
  });
  return `${certificate.toString('pem')}\n`;
}
