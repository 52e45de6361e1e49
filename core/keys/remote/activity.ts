/**
 * Which tasks some request of this process or isolate runs for all of them, as plain numbers: on Workers nobody may wait
 * for another request's promise (panva/jose#355), but everybody may look.
 */
export class RunningTasks<Task extends string> {
  readonly #startedAt = new Map<Task, number>();
  readonly #maxDuration: number;

  /** `maxDuration` in seconds: the task of a cancelled request never ends, and counts no longer than this. */
  constructor(maxDuration: number) {
    this.#maxDuration = maxDuration;
  }

  has(task: Task, now: number): boolean {
    const startedAt = this.#startedAt.get(task);
    return startedAt !== undefined && Math.abs(now - startedAt) < this.#maxDuration;
  }

  async run<T>(task: Task, now: number, work: () => Promise<T>): Promise<T> {
    this.#startedAt.set(task, now);
    try {
      return await work();
    } finally {
      this.#startedAt.delete(task);
    }
  }
}
