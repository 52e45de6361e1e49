/** Runs the work while each `Math.random()` gives this value. */
export async function withChance<T>(value: number, work: () => Promise<T>): Promise<T> {
  const original = Math.random;
  Math.random = () => value;
  try {
    return await work();
  } finally {
    Math.random = original;
  }
}
