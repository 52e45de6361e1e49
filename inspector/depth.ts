/** More levels than any identity provider nests claims. */
const MAX_LEVELS = 100;

/** What stands where an assertion nests deeper: `JSON.stringify` and everything that walks a value would overflow the stack. */
const CUT = `… (nested deeper than ${MAX_LEVELS} levels)`;

/** A value out of JSON without what is nested too deep to be shown. */
export function cutDeep(value: unknown, levels = MAX_LEVELS): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return CUT;
  if (Array.isArray(value)) return value.map((item) => cutDeep(item, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cutDeep(member, levels - 1)]));
}
