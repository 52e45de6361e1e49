import { toHex } from '../core/hex.ts';

/** 32 bytes that are always the same for a seed. */
export async function seedBytes(seed: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(seed)));
}

/** A version 4 UUID (RFC 9562) that is always the same for a seed. */
export async function seededUuid(seed: string): Promise<string> {
  const bytes = (await seedBytes(seed)).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
