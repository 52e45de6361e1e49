import { sentence } from '#sentences';
/** One DER element (X.690 section 8.1), of the single-byte tags and definite lengths that keys and certificates use. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Where the next element begins. */
  readonly end: number;
}

/** The element at `offset`; throws where the bytes end too early or the length is written in a way DER forbids. */
export function readElement(bytes: Uint8Array, offset: number): DerElement {
  const tag = byteAt(bytes, offset);
  const { length, start } = readLength(bytes, offset + 1);
  const end = start + length;
  if (end > bytes.length) throw new TypeError(sentence('its DER is cut short'));
  return { tag, content: bytes.subarray(start, end), end };
}

export function readChildren(parent: DerElement): DerElement[] {
  const children: DerElement[] = [];
  for (let offset = 0; offset < parent.content.length; ) {
    const child = readElement(parent.content, offset);
    children.push(child);
    offset = child.end;
  }
  return children;
}

function readLength(bytes: Uint8Array, offset: number): { length: number; start: number } {
  const first = byteAt(bytes, offset);
  if (first < 0x80) return { length: first, start: offset + 1 };
  const count = first & 0x7f;
  if (count === 0 || count > 3) throw new TypeError(sentence('its DER has a length that no key has'));
  let length = 0;
  for (let i = 1; i <= count; i++) length = length * 256 + byteAt(bytes, offset + i);
  return { length, start: offset + 1 + count };
}

function byteAt(bytes: Uint8Array, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw new TypeError(sentence('its DER is cut short'));
  return byte;
}
