/** A few values by name. Those that were not used for the longest time make room. */
export class RecentlyUsed<V> {
  /** The least recently used first. */
  readonly #kept = new Map<string, V>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** What is kept under that name, or else what `make` makes, unless it throws. */
  get(name: string, make: () => V): V {
    const value = this.#kept.get(name) ?? make();
    this.#kept.delete(name);
    this.#kept.set(name, value);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#maxEntries && oldest !== undefined) this.#kept.delete(oldest);
    return value;
  }
}

const numbers = new WeakMap<object, number>();
let count = 0;

/** A number that no other object of this process has: for names of what only equals itself. */
export function numberOf(object: object): number {
  const number = numbers.get(object) ?? ++count;
  numbers.set(object, number);
  return number;
}
