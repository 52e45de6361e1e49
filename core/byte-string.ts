/** The UTF-8 text in a byte string: one character a byte, as Fetch's `Headers` hold it. */
export function decodeByteString(binary: string): string {
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}
