declare module 'nspell' {
  interface Spelling {
    add(word: string): Spelling;
    correct(word: string): boolean;
  }

  export default function nspell(dictionary: { aff: Uint8Array; dic: Uint8Array }): Spelling;
}
