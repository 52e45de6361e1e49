import fc from 'fast-check';

/** Counts what came, so that a target cannot go hollow. */
export type Count = (what: string) => void;

/** What is tried with generated inputs, and the rule that must hold for each. */
export interface TargetDefinition<Input, Subject> {
  readonly name: string;
  /** Plain data, without keys or signatures: a found case is written as it is. */
  readonly inputs: fc.Arbitrary<Input>;
  /** What is tried. */
  readonly subject: Subject;
  /** The same with one mistake each, by its name: the check must find it within `runs`. */
  readonly broken: Readonly<Record<string, Subject>>;
  /** Throws where the rule does not hold. */
  check(input: Input, subject: Subject, count: Count): void | Promise<void>;
  /** How many inputs `npm test` tries: a few seconds. */
  readonly runs: number;
  /** What must be counted at least, as a share of the runs. */
  readonly seen: Readonly<Record<string, number>>;
  /** What must be counted at most, in the same way. */
  readonly rare?: Readonly<Record<string, number>>;
}

/** A target whose types only its own file knows. */
export interface Target {
  readonly name: string;
  readonly runs: number;
  readonly seen: Readonly<Record<string, number>>;
  readonly rare: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
  /** The rule as a property; `broken`: that of the subject of this name. */
  property(count: Count, broken?: string): fc.IAsyncProperty<[unknown]>;
  /** Tries one input, as a file in `found/` has it. */
  replay(input: unknown): Promise<void>;
}

export function defineTarget<Input, Subject>(definition: TargetDefinition<Input, Subject>): Target {
  const { name, inputs, subject, broken, runs, seen, rare = {} } = definition;
  const subjectOf = (which: string | undefined): Subject => {
    if (which === undefined) return subject;
    const found = broken[which];
    if (found === undefined) throw new Error(`${name} has no broken subject ${which}`);
    return found;
  };
  return {
    name,
    runs,
    seen,
    rare,
    broken: Object.keys(broken),
    property: (count, which) =>
      fc.asyncProperty<[unknown]>(inputs, async (input) => {
        try {
          await definition.check(input as Input, subjectOf(which), count);
        } catch (error) {
          // Nothing can be printed of some values.
          throw error instanceof Error ? error : new Error(`It throws ${fc.stringify(error)}.`);
        }
      }),
    replay: async (input) => definition.check(input as Input, subject, () => {}),
  };
}
