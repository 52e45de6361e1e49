/**
 * A map that never holds more than so many entries nor so many characters of keys. It has two generations: when the
 * younger is full it becomes the older, and the one before it is dropped whole, so that nothing is ever moved or
 * searched for. Its keys are whole assertions and key ids, never parts or hashes of them (CVE-2026-35039).
 */
export class BoundedMap<V> {
  readonly #maxEntries: number;
  readonly #maxCharacters: number;
  #younger = new Map<string, V>();
  #older = new Map<string, V>();
  #characters = 0;

  /** The limits are for both generations together. */
  constructor(maxEntries: number, maxCharacters: number) {
    this.#maxEntries = maxEntries / 2;
    this.#maxCharacters = maxCharacters / 2;
  }

  get(key: string): V | undefined {
    const value = this.#younger.get(key);
    return value === undefined ? this.#older.get(key) : value;
  }

  set(key: string, value: V): void {
    if (key.length > this.#maxCharacters) return;
    if (this.#younger.size >= this.#maxEntries || this.#characters + key.length > this.#maxCharacters) {
      this.#older = this.#younger;
      this.#younger = new Map();
      this.#characters = 0;
    }
    this.#younger.set(key, value);
    this.#characters += key.length;
  }
}

/** What the map has for the key, or else what `make` makes, which it then has. No method: a verifier without routes needs none. */
export function getOrMake<V>(map: BoundedMap<V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = make();
  map.set(key, value);
  return value;
}
