import type { StringList } from './matchers.ts';

const EMPTY: StringList = { has: () => false, hasOnly: () => false };

/** A claim as a list: absent is empty, as in Pomerium; `isJoined` where Pomerium joined several values with commas. */
export function listOf(claim: unknown, isJoined: boolean): StringList {
  if (Array.isArray(claim)) return new RealList(claim);
  if (typeof claim === 'string') return isJoined ? joinedList(claim) : new RealList([claim]);
  if (typeof claim === 'number' || typeof claim === 'boolean') return new RealList([String(claim)]);
  return EMPTY;
}

class RealList implements StringList {
  readonly #values: readonly unknown[];

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  has(value: string): boolean {
    return this.#values.includes(value);
  }

  hasOnly(value: string): boolean {
    return this.#values.length === 1 && this.#values[0] === value;
  }
}

/** No values joined are the empty string. */
function joinedList(joined: string): StringList {
  return joined === '' ? EMPTY : new RealList(joined.split(','));
}
