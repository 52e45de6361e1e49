/** UTF-8, of the `Uint8Array` that is global: jsdom has one of its own, which what `TextEncoder` gives is not, and jose asks. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}
