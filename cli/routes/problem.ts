/** Something that is refused, or a note, and where it stands. */
export interface Problem {
  /** `file:line:column`. */
  readonly place: string;
  readonly message: string;
  /** In the documents of the file: `[0].routes[2].policy`. */
  readonly path: string;
  /** The criterion that can be left to Pomerium instead. */
  readonly leave?: string | undefined;
}

/** All that is refused of a file, as one message. */
export function refusalText(problems: readonly Problem[]): string {
  return ['the file cannot be used:', ...problems.map(({ place, message }) => `  ${place}: ${message}`)].join('\n');
}

/** As they stand in the file. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => {
    const [lineOfA = 0, columnOfA = 0] = positionOf(a);
    const [lineOfB = 0, columnOfB = 0] = positionOf(b);
    return lineOfA - lineOfB || columnOfA - columnOfB;
  });
}

function positionOf({ place }: Problem): number[] {
  return (/:(\d+):(\d+)$/.exec(place) ?? []).slice(1).map(Number);
}

/** Without those that another one explains: a route has no from where it has a `form`. */
export function withoutConsequences(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ path, message }) => {
    const missing = /(?:has no|needs a) (from|to)[;,]/.exec(message)?.[1];
    return (
      missing === undefined ||
      !problems.some((one) => one.path.startsWith(`${path}.`) && one.message.endsWith(`; write ${missing}.`))
    );
  });
}
