import fc from 'fast-check';

/** What nobody expects where something else belongs. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1e21,
    '',
    ' ',
    '*',
    '/',
    '[]',
    '{}',
    '\u0000',
    '\ud800',
    '__proto__',
  ),
  fc.constantFrom<unknown>([], {}, [null], [[]], { x: null }, [{}], 'x'.repeat(70_000)),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.double(),
);

/** A change somewhere in a document: the place is the so-manieth of all its values, counted around. */
export type Change =
  | { readonly kind: 'replace'; readonly at: number; readonly value: unknown }
  | { readonly kind: 'delete'; readonly at: number }
  | { readonly kind: 'rename'; readonly at: number; readonly name: string }
  | { readonly kind: 'copy'; readonly at: number; readonly from: number };

export const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('replace' as const), at: fc.nat(), value: oddValue }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rename' as const),
      at: fc.nat(),
      name: fc.oneof(
        fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '', '0'),
        fc.string({ maxLength: 4 }),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy' as const), at: fc.nat(), from: fc.nat() }) },
);

interface Place {
  readonly parent: Record<string, unknown>;
  readonly name: string;
}

/** The document with these changes, one after the other; what it was stays as it was. */
export function changed(document: unknown, changes: readonly Change[]): unknown {
  const root: Record<string, unknown> = { it: structuredClone(document) };
  for (const one of changes) {
    const places = [...placesOf(root)];
    const place = places[one.at % places.length];
    if (place) apply(one, place, places);
  }
  return root['it'];
}

function apply(one: Change, { parent, name }: Place, places: readonly Place[]): void {
  if (one.kind === 'replace') define(parent, name, structuredClone(one.value));
  else if (one.kind === 'copy') {
    const from = places[one.from % places.length];
    if (from) define(parent, name, structuredClone(from.parent[from.name]));
  } else {
    const value = parent[name];
    if (Array.isArray(parent)) parent.splice(Number(name), 1);
    else delete parent[name];
    if (one.kind === 'rename') define(parent, one.name, value);
  }
}

/** As JSON.parse does it: `__proto__` is a member like any other, and a list has no holes. */
function define(parent: object, name: string, value: unknown): void {
  if (!Array.isArray(parent)) {
    Object.defineProperty(parent, name, { value, configurable: true, enumerable: true, writable: true });
  } else if (/^\d+$/.test(name)) {
    parent[Math.min(Number(name), parent.length)] = value;
  }
}

function* placesOf(parent: Record<string, unknown>): Generator<Place> {
  for (const name of Object.keys(parent)) {
    yield { parent, name };
    const value = parent[name];
    if (typeof value === 'object' && value !== null) yield* placesOf(value as Record<string, unknown>);
  }
}
